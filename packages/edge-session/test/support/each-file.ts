import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, afterEach, vi } from 'vitest'
import { expectWatchedKeysToExpire, watched } from './time-to-live.ts'

// Vitest runs this anew for each file. What is imported stays as it is for all files of a process, so a hook that every
// file wants is registered here.

// As Next.js' server does before anything else is loaded.
Object.assign(globalThis, { AsyncLocalStorage })

const { fetch } = globalThis
const { now } = Date

afterEach(expectWatchedKeysToExpire)

/** Nothing finds what a file before it has replaced. */
afterAll(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  vi.useRealTimers()
  Date.now = now
  // Next.js puts its own in its place, once.
  globalThis.fetch = fetch
  Reflect.deleteProperty(globalThis, Symbol.for('next-patch'))
  watched.clear()
})
