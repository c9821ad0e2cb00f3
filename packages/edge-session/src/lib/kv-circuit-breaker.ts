import { KVError, type KVTransport } from './kv-transport.ts'

const REFUSALS_IN_A_ROW = 5
/** How long KV must not have answered, in milliseconds. */
const SILENCE = 2_000
/** Milliseconds. */
const PAUSE = 500

/**
 * A circuit breaker for a KV that is asked too often (`limited`). After five such refusals in a row, and two seconds
 * without an answer, one call is sent each half second and none beside it, until KV answers: more would prolong the limit
 * and be charged for. A KV that still answers some goes on being asked, and other failures cost nobody more than the time
 * limit of a call.
 */
export function withCircuitBreaker(transport: KVTransport, now: () => number): KVTransport {
  let refusals = 0
  let answeredAt = Number.NEGATIVE_INFINITY
  /** When the next call may be sent; `null` while all may. */
  let nextAt: number | null = null

  return async (commands, options) => {
    if (nextAt !== null) {
      if (isWithin(PAUSE, nextAt - now())) throw new KVError('limited')
      nextAt = now() + PAUSE
    }
    try {
      const replies = await transport(commands, options)
      answeredAt = now()
      refusals = 0
      nextAt = null
      return replies
    } catch (error) {
      refusals = error instanceof KVError && error.kind === 'limited' ? refusals + 1 : 0
      if (refusals >= REFUSALS_IN_A_ROW && !isWithin(SILENCE, answeredAt + SILENCE - now()))
        nextAt ??= now() + PAUSE
      throw error
    }
  }
}

/** More than `span` is left only where a clock stepped back: then nothing is. */
function isWithin(span: number, left: number): boolean {
  return left > 0 && left <= span
}
