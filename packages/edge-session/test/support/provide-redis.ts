import { Redis } from 'ioredis'
import { startRedisServer } from './redis-server.ts'

/** For the names of suites that are skipped where {@link provideRedis} has none to give. */
export const ON_REDIS = 'on a real Redis (skipped without REDIS_URL or redis-server)'

export interface ProvidedRedis {
  readonly url: string
  stop(): Promise<void>
}

/**
 * The Redis of `REDIS_URL`, in a database of its own as other files empty theirs; else one started for this file; else
 * `null`. Rejects if there is one that can not be used.
 */
export async function provideRedis(database: 9 | 10 | 12 | 15): Promise<ProvidedRedis | null> {
  const { REDIS_URL } = process.env
  if (REDIS_URL === undefined || REDIS_URL === '') return startRedisServer()
  const url = new URL(REDIS_URL)
  url.pathname = `/${database}`
  await expectAnswer(url.href)
  return { url: url.href, stop: async () => {} }
}

/** Clients would try again and again. */
async function expectAnswer(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  let reason: unknown
  client.on('error', (error) => {
    reason = error
  })
  try {
    await client.connect()
    await client.ping()
  } catch (error) {
    throw new Error('edge-session: the Redis of REDIS_URL can not be used. Correct or unset it.', {
      cause: reason ?? error,
    })
  } finally {
    client.disconnect()
  }
}
