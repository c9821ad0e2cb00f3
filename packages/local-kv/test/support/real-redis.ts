import type { TestProject } from 'vitest/node'
import { startRedisServer } from '../../../edge-session/test/support/redis-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A real Redis for the tests, without a database; empty if there is none. */
    redisUrl: string
  }
}

/**
 * Provides `REDIS_URL`, else a `redis-server` from the PATH for the time of the run, which rejects if that does not
 * start. With neither, the suites for a real Redis are skipped.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { REDIS_URL } = process.env
  if (REDIS_URL) {
    const url = new URL(REDIS_URL)
    url.pathname = ''
    project.provide('redisUrl', url.href.replace(/\/$/, ''))
    return async () => {}
  }
  const server = await startRedisServer()
  project.provide('redisUrl', server?.url ?? '')
  return async () => server?.stop()
}
