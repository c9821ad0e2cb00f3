import { type Duration, toMilliseconds } from './duration.ts'
import { ConfigurationError } from './errors.ts'

/**
 * Sessions that were seen active are served from memory, without KV, and a revocation anywhere is still seen here
 * within `revocationLag`: every change to a session is announced in one feed in KV, which is read again when it was
 * last read longer ago than that. Every instance that shares the KV database needs this option.
 */
export interface CacheOptions {
  /** Longest time that a revoked or changed session may still be served. Default `'5s'`, at most `'5m'`. */
  readonly revocationLag?: Duration
  /** Users whose sessions are kept in memory, the latest used; about 1 kB and their data each. Default 10,000. */
  readonly memory?: number
  /**
   * Gives visitors a sealed copy of their session, in a cookie of its own and where it fits, for instances that do not
   * have it in memory: they use it this long after it was read from KV, and check it against the same feed. Default:
   * none; at least `'2s'`, at most `'5m'`.
   */
  readonly snapshot?: Duration
  /**
   * Serves known sessions through an outage of KV, this long after the feed was last read, and never past the
   * session's own end. Default: none. **A session revoked during the outage works until then.**
   */
  readonly staleIfError?: Duration
}

/** Cache options with nothing left open; milliseconds. */
export interface CacheConfig {
  readonly revocationLag: number
  readonly memory: number
  /** 0: none. */
  readonly snapshot: number
  /** 0: never. */
  readonly staleIfError: number
}

const LONGEST_LAG = 5 * 60_000
/** Half of it is what a cookie can say at least: a second. */
const SHORTEST_SNAPSHOT = 2_000
const LONGEST_SNAPSHOT = 5 * 60_000
const LONGEST_STALE = 24 * 3_600_000

/** @throws ConfigurationError */
export function resolveCacheOptions(options: CacheOptions): CacheConfig {
  const { memory = 10_000, staleIfError } = options
  const revocationLag = toMilliseconds(options.revocationLag ?? '5s', 'cache.revocationLag')
  if (revocationLag > LONGEST_LAG)
    throw new ConfigurationError(
      '"cache.revocationLag" must be at most 5 minutes: that long a revoked session works on.',
    )
  if (!Number.isSafeInteger(memory) || memory < 1 || memory > 1_000_000)
    throw new ConfigurationError('"cache.memory" must be a whole number of users from 1 to 1,000,000.')
  const snapshot = options.snapshot === undefined ? 0 : toMilliseconds(options.snapshot, 'cache.snapshot')
  if (options.snapshot !== undefined && (snapshot < SHORTEST_SNAPSHOT || snapshot > LONGEST_SNAPSHOT))
    throw new ConfigurationError('"cache.snapshot" must be at least 2 seconds and at most 5 minutes.')
  const stale = staleIfError === undefined ? 0 : toMilliseconds(staleIfError, 'cache.staleIfError')
  if (stale !== 0 && (stale < revocationLag || stale > LONGEST_STALE))
    throw new ConfigurationError(
      '"cache.staleIfError" must be at least "cache.revocationLag" and at most 24 hours.',
    )
  return { revocationLag, memory, snapshot, staleIfError: stale }
}
