import 'server-only'
import { createHash } from 'node:crypto'
import { Ratelimit } from '@upstash/ratelimit'
import { Redis } from '@upstash/redis'
import { SessionUnknownError } from 'edge-session'
import { networkOf } from './client-address'
import { loginRateLimit } from './session-options'

export interface Attempt {
  readonly allowed: boolean
  /** Seconds. */
  readonly retryAfter: number
}

let limiter: Ratelimit | undefined

/**
 * Counts an attempt to guess a password.
 * @throws SessionUnknownError when KV does not answer: no guess is free.
 */
export async function countAttempt(by: { user: string; address: string | null }): Promise<Attempt> {
  if (loginRateLimit === 0) return { allowed: true, retryAfter: 0 }
  limiter ??= createLimiter()
  try {
    const network = by.address === null ? null : networkOf(by.address)
    // A hash, as a name may be as long as whoever sends it likes.
    const key = createHash('sha256')
      .update(JSON.stringify([network, by.user]))
      .digest('base64url')
    const { success, reset, reason } = await limiter.limit(key)
    if (reason === 'timeout') throw new SessionUnknownError('create')
    return { allowed: success, retryAfter: Math.max(1, Math.ceil((reset - Date.now()) / 1_000)) }
  } catch {
    throw new SessionUnknownError('create')
  }
}

function createLimiter(): Ratelimit {
  const redis = Redis.fromEnv({
    enableAutoPipelining: false,
    enableTelemetry: false,
    retry: false,
    signal: () => AbortSignal.timeout(750),
  })
  // Full again a minute after the first attempt: twice as many in a minute are the most.
  const limiter = Ratelimit.tokenBucket(loginRateLimit, '1 m', loginRateLimit)
  return new Ratelimit({ redis, limiter, prefix: 'login' })
}
