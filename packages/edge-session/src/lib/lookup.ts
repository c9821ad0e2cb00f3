import type { SessionUnknownError } from './errors.ts'
import type { SessionRecord } from './record.ts'

/**
 * Why there is no session.
 * - `no-cookie` nothing was presented.
 * - `malformed` not one of our tokens, or tampered with.
 * - `unknown-key` sealed with a secret this instance does not have (a deployment half way through a secret change).
 * - `ambiguous` several valid tokens under one name, or more than four values.
 * - `expired-idle`, `expired-absolute` its time is over.
 * - `revoked` ended by sign-out, revocation or eviction.
 * - `rotated-reuse` a token that was replaced came back after its grace: the session was ended, as it may be stolen.
 * - `corrupt` the stored record can not be read.
 */
export type NoneReason =
  | 'no-cookie'
  | 'malformed'
  | 'unknown-key'
  | 'ambiguous'
  | 'expired-idle'
  | 'expired-absolute'
  | 'revoked'
  | 'rotated-reuse'
  | 'corrupt'

/** Proven: this session is alive. */
export interface ActiveRecord {
  readonly outcome: 'active'
  readonly record: SessionRecord
  /** Set when the visitor still carries a token that was replaced: the token to hand them. */
  readonly reissue: string | null
  /** It was active when KV last answered; KV does not answer now. */
  readonly stale: boolean
  /** The visitor carries no copy of it that spares other instances a look-up. Not `true`: it does, or none is wanted. */
  readonly snapshotDue?: boolean
}

/** Proven: there is no session. */
export interface NoRecord {
  readonly outcome: 'none'
  readonly reason: NoneReason
}

/** Nothing is proven, because KV did not answer. Nobody is signed out and no cookie is cleared on this. */
export interface UnknownRecord {
  readonly outcome: 'unknown'
  readonly error: SessionUnknownError
}

/** The three outcomes of looking a session up. */
export type RecordLookup = ActiveRecord | NoRecord | UnknownRecord

/**
 * Whether a cookie with this verdict is certainly of no more use. Not so for `unknown-key` (another instance may
 * still accept it) and `ambiguous` (one of the tokens may be alive).
 */
export function cookieIsDead(reason: NoneReason): boolean {
  return reason !== 'no-cookie' && reason !== 'unknown-key' && reason !== 'ambiguous'
}

/**
 * Whether the answer to this request may clear its cookie: if that is dead, and a document was asked for. What a page
 * asks for by itself may be answered after a sign-in or step-up that ran at the same time, whose cookie it would clear.
 * Clients that do not say what they ask for (`Sec-Fetch-Dest`) ask for documents.
 */
export function mayClearCookie(reason: NoneReason, headers: Headers): boolean {
  return cookieIsDead(reason) && (headers.get('sec-fetch-dest') ?? 'document') === 'document'
}
