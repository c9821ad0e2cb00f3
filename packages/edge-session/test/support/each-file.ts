import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, vi } from 'vitest'

// As Next.js' server does before anything else is loaded.
Object.assign(globalThis, { AsyncLocalStorage })

/** Files follow each other in one process, and none finds what another has replaced. */
afterAll(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})
