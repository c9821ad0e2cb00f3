import type { Duration } from './duration.ts'
import type { SessionUnknownError } from './errors.ts'
import type { NoneReason } from './lookup.ts'
import type { JsonObject } from './record.ts'

/** An active session, as the app sees it. A snapshot: it does not change when the stored session does. */
export interface Session<Data = JsonObject> {
  /** Public handle for lists and revocation. Knowing it gives no access. */
  readonly id: string
  readonly userId: string
  readonly role: string | null
  /** What the app stored with `createSession` and `updateSession`. */
  readonly data: Readonly<Data>
  readonly createdAt: Date
  /** When the user last proved who they are. */
  readonly authenticatedAt: Date
  /** Last recorded activity; up to `touchInterval` behind the truth. */
  readonly lastSeenAt: Date
  /** When it ends if nothing happens until then. */
  readonly expiresAt: Date
  /** The User-Agent header at sign-in, cut to 256 characters. */
  readonly userAgent: string | null
  /** Client address at sign-in; `null` unless the app passed one. */
  readonly ip: string | null
}

/** A session in a user's list of sessions. */
export interface ListedSession<Data = JsonObject> extends Session<Data> {
  /** Whether this is the session of the current request. */
  readonly current: boolean
}

/** The three outcomes of a lookup. */
export type SessionLookup<Data = JsonObject> =
  | { readonly outcome: 'active'; readonly session: Session<Data> }
  | { readonly outcome: 'none'; readonly reason: NoneReason }
  | { readonly outcome: 'unknown'; readonly error: SessionUnknownError }

/** What `createSession` needs to know. */
export interface NewSession<Data = JsonObject> {
  /** Any non-empty well-formed string up to 512 characters. */
  readonly userId: string
  /** At most 256 characters. Default `null`. */
  readonly role?: string | null
  /** JSON-serialisable; at most 4 KiB with everything else. Default `{}`. */
  readonly data?: Data
  /** `false` makes a cookie that ends with the browser session. Default `true`. */
  readonly remember?: boolean
  /** Idle timeout of this session, at most `'400d'`. Default: the instance's. */
  readonly idle?: Duration
  /** Absolute timeout of this session, at most `'400d'`. Default: the instance's. */
  readonly absolute?: Duration
  /** Default: the request's User-Agent header. */
  readonly userAgent?: string | null
  /** At most 256 characters. Default `null`: addresses are personal data, so storing one is the app's decision. */
  readonly ip?: string | null
}
