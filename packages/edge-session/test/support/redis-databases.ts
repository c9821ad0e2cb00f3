/** A local KV takes its own database and, for a lagging replica, empties and fills the two after it. */
const DATABASES_OF_A_KV = 3
/** A Redis has 16 databases: 0 to 8 are for the workers of the test runner, the others for single files. */
export const WORKERS_ON_ONE_REDIS = 3

/**
 * For suites that empty their database: the Redis of `REDIS_URL` with databases for each worker of the test runner.
 * `undefined` without `REDIS_URL`: then local-kv's own engine serves.
 */
export function redisOfWorker(): string | undefined {
  const { REDIS_URL, VITEST_POOL_ID } = process.env
  if (REDIS_URL === undefined || REDIS_URL === '') return undefined
  const url = new URL(REDIS_URL)
  const worker = Number(VITEST_POOL_ID ?? 1)
  if (worker > WORKERS_ON_ONE_REDIS) throw new Error(`no database left for worker ${worker}`)
  url.pathname = `/${(worker - 1) * DATABASES_OF_A_KV}`
  return url.href
}
