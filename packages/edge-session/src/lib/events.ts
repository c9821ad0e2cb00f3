import type { StoreOperation } from './errors.ts'
import type { NoneReason } from './lookup.ts'

interface OfSession {
  readonly userId: string
  /** The session's public id. */
  readonly id: string
}

/**
 * Something that happened to a session. Carries ids, reasons and counts, never a token, cookie, secret, address or
 * session data, so it may be logged as it is.
 */
export type SessionEvent = {
  /** Milliseconds since 1970, by the instance's clock. */
  readonly at: number
} & (
  | ({ readonly type: 'sign-in'; readonly evicted: number } & OfSession)
  | ({ readonly type: 'sign-out' } & OfSession)
  | ({ readonly type: 'touch' } & OfSession)
  | ({ readonly type: 'update' } & OfSession)
  | ({
      readonly type: 'rotation'
      readonly previousId: string
      readonly cause: 'routine' | 'reauthentication'
    } & OfSession)
  | ({ readonly type: 'rotation-reuse' } & OfSession)
  | { readonly type: 'revocation'; readonly userId: string; readonly revoked: number }
  | { readonly type: 'none'; readonly reason: NoneReason; readonly kvCommands: number }
  | {
      readonly type: 'unknown'
      readonly operation: StoreOperation
      /** What is known of the cause, such as `timeout` or `reply WRONGPASS`; `null` if the store did not say. */
      readonly reason: string | null
      /** Time until it was given up, in milliseconds. */
      readonly latency: number
      readonly kvCommands: number
    }
)

/** Receives every event. What it throws is ignored: observing must not break signing in. */
export type OnEvent = (event: SessionEvent) => void

/** Sends an event to the observer; stamps the time. */
export type Emit = (event: WithoutTime<SessionEvent>) => void

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'at'> : never
