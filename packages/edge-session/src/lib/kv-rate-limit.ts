import { KVError, type KVTransport } from './kv-transport.ts'

const REFUSALS_IN_A_ROW = 5
/** Milliseconds. */
const PAUSE = 1_000

/**
 * A circuit breaker for a KV that is asked too often (`limited`): after five such refusals in a row nothing is sent for a
 * second, and from then on one call a second, until one is not refused. Others would prolong the limit and be charged
 * for. Of other failures it takes no notice: they cost nobody anything but the time limit of a call.
 */
export function withRateLimit(transport: KVTransport, now: () => number): KVTransport {
  let refusals = 0
  let pausedUntil = 0

  return async (commands, options) => {
    if (refusals >= REFUSALS_IN_A_ROW) {
      const left = pausedUntil - now()
      // More is left only where a clock stepped back.
      if (left > 0 && left <= PAUSE) throw new KVError('limited')
      pausedUntil = now() + PAUSE
    }
    try {
      const replies = await transport(commands, options)
      refusals = 0
      return replies
    } catch (error) {
      refusals = error instanceof KVError && error.kind === 'limited' ? refusals + 1 : 0
      if (refusals >= REFUSALS_IN_A_ROW) pausedUntil = now() + PAUSE
      throw error
    }
  }
}
