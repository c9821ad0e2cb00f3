import { AsyncLocalStorage } from 'node:async_hooks'

// As Next.js' server does before anything else is loaded.
Object.assign(globalThis, { AsyncLocalStorage })
