/** Anything JSON can hold. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** A JSON object: the shape of a session's custom data. */
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** Names one session in the store. */
export interface SessionRef {
  readonly userId: string
  /** base64url(SHA-256(sid)), 43 characters. */
  readonly id: string
}

/** What the store holds about one session. All times are integers in milliseconds since 1970, all lengths in milliseconds. */
export interface SessionRecord extends SessionRef, SessionTimes {
  /** Counts the updates of role and data; a stale writer is recognised by it. */
  readonly version: number
  readonly role: string | null
  readonly data: JsonObject
  readonly userAgent: string | null
  readonly ip: string | null
}

/** The part of a record that touches rewrite. */
export interface SessionTimes {
  readonly createdAt: number
  /** When the user last proved who they are (sign-in or re-authentication). */
  readonly authenticatedAt: number
  readonly lastSeenAt: number
  /** The session ends then, whatever happens. */
  readonly absoluteEnd: number
  /** The session ends this long after `lastSeenAt`. */
  readonly idle: number
}
