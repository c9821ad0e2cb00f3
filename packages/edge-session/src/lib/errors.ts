/** Stable machine-readable codes of every error this package throws. Documented one by one in `docs/errors.md`. */
export type EdgeSessionErrorCode =
  | 'ERR_CONFIGURATION'
  | 'ERR_INVALID_ARGUMENT'
  | 'ERR_SESSION_TOO_LARGE'
  | 'ERR_SESSION_LIMIT'
  | 'ERR_SESSION_NOT_FOUND'
  | 'ERR_SESSION_UNKNOWN'
  | 'ERR_READ_ONLY_CONTEXT'
  | 'ERR_UPDATE_CONFLICT'

/** Base class: `instanceof EdgeSessionError` tells our errors from everybody else's. */
export class EdgeSessionError extends Error {
  override name = 'EdgeSessionError'
  /** Stable across releases; switch on this, not on the message. */
  readonly code: EdgeSessionErrorCode

  constructor(code: EdgeSessionErrorCode, message: string) {
    super(`edge-session: ${message}`)
    this.code = code
  }
}

/** An option or environment variable is missing, malformed or unsafe. Never carries the offending secret. */
export class ConfigurationError extends EdgeSessionError {
  override name = 'ConfigurationError'

  constructor(message: string) {
    super('ERR_CONFIGURATION', message)
  }
}

/** A value handed to one of our functions can not be stored or used. Nothing was changed. */
export class InvalidArgumentError extends EdgeSessionError {
  override name = 'InvalidArgumentError'

  constructor(message: string) {
    super('ERR_INVALID_ARGUMENT', message)
  }
}

/** The record would exceed its size limit. Nothing was changed. */
export class SessionTooLargeError extends EdgeSessionError {
  override name = 'SessionTooLargeError'
  /** Size of the refused record in bytes. */
  readonly bytes: number
  /** The limit in bytes. */
  readonly limit: number

  constructor(bytes: number, limit: number) {
    super(
      'ERR_SESSION_TOO_LARGE',
      `the session takes ${bytes} bytes, over the limit of ${limit}. Keep large values in your database and only their key in the session.`,
    )
    this.bytes = bytes
    this.limit = limit
  }
}

/** `maxSessions` is reached and the policy is `'refuse'`. No session was created, and none of that user's ended. */
export class SessionLimitError extends EdgeSessionError {
  override name = 'SessionLimitError'

  constructor() {
    super(
      'ERR_SESSION_LIMIT',
      'this user already has the maximum number of sessions. Ask them to sign out on another device.',
    )
  }
}

/** An operation on the current session found that there is none. */
export class SessionNotFoundError extends EdgeSessionError {
  override name = 'SessionNotFoundError'

  constructor() {
    super('ERR_SESSION_NOT_FOUND', 'there is no active session. Ask the visitor to sign in.')
  }
}

/**
 * KV did not answer, or answered something that proves nothing. It is *not known* whether the session is alive:
 * never treat this as "signed out", and answer 503 rather than 401.
 */
export class SessionUnknownError extends EdgeSessionError {
  override name = 'SessionUnknownError'
  /** The operation that failed. A failed write may or may not have been applied. */
  readonly operation: StoreOperation
  /** What is known of the cause, such as `timeout` or `reply WRONGPASS`; `null` if the store did not say. */
  readonly reason: string | null

  constructor(operation: StoreOperation, reason: string | null = null) {
    super(
      'ERR_SESSION_UNKNOWN',
      `the session store did not answer "${operation}"${reason === null ? '' : ` (${reason})`}. Try again; answer 503 meanwhile.`,
    )
    this.operation = operation
    this.reason = reason
  }
}

/** Sessions can not be created or ended while a server component renders: cookies are read-only there. */
export class ReadOnlyContextError extends EdgeSessionError {
  override name = 'ReadOnlyContextError'

  constructor(operation: string) {
    super(
      'ERR_READ_ONLY_CONTEXT',
      `${operation}() needs to set a cookie, which Next.js allows only in a server action or a route handler. Move the call there.`,
    )
  }
}

/** Other requests kept changing the session's data. Nothing was changed by this call. */
export class UpdateConflictError extends EdgeSessionError {
  override name = 'UpdateConflictError'

  constructor() {
    super('ERR_UPDATE_CONFLICT', 'the session kept changing while it was being updated. Try again.')
  }
}

/** What was asked of the session store. */
export type StoreOperation =
  | 'create'
  | 'read'
  | 'touch'
  | 'update'
  | 'rotate'
  | 'destroy'
  | 'list'
  | 'revoke'
  | 'changes'
