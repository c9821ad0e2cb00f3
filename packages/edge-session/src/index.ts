import 'server-only'

export type { CacheOptions } from './lib/cache-options.ts'
export type { CookieOptions } from './lib/cookie-options.ts'
export type { DeviceFunctions } from './lib/devices.ts'
export type { Duration } from './lib/duration.ts'
export { createEdgeSession, type EdgeSession, type StatelessEdgeSession } from './lib/edge-session.ts'
export {
  ConfigurationError,
  EdgeSessionError,
  type EdgeSessionErrorCode,
  InvalidArgumentError,
  ReadOnlyContextError,
  SessionLimitError,
  SessionNotFoundError,
  SessionTooLargeError,
  SessionUnknownError,
  type StoreOperation,
  UpdateConflictError,
} from './lib/errors.ts'
export type { OnEvent, SessionEvent } from './lib/events.ts'
export type { PathPattern, ProtectOptions, RouteRule } from './lib/guard.ts'
export type { ProtectedRoute, ProtectRouteOptions, RouteContext, RouteHandlers } from './lib/handlers.ts'
export { decodeUserId, USER_ID_HEADER } from './lib/identity.ts'
export { type KVStoreOptions, kvStore } from './lib/kv-store.ts'
export {
  type KVCallOptions,
  type KVCommand,
  KVError,
  type KVErrorKind,
  type KVReply,
  type KVTransport,
} from './lib/kv-transport.ts'
export { LIFETIME_PRESETS, type LifetimePreset, type Lifetimes } from './lib/lifetime.ts'
export type { NoneReason } from './lib/lookup.ts'
export type { EdgeSessionOptions, StatelessOptions } from './lib/options.ts'
export type { ProxyFunction } from './lib/proxy.ts'
export type { JsonObject, JsonValue, SessionRecord, SessionRef, SessionTimes } from './lib/record.ts'
export { safeRedirectPath } from './lib/redirect-target.ts'
export type { RequireOptions, SessionFunctions } from './lib/server.ts'
export type { ListedSession, NewSession, Session, SessionLookup } from './lib/session.ts'
export type {
  CurrentSessionHandlers,
  SessionHandler,
  SessionHandlers,
  SessionHandlersOptions,
} from './lib/session-handlers.ts'
export type {
  AtTime,
  ChangeFeed,
  Changes,
  CreateOptions,
  CreateResult,
  ReadOptions,
  RevokeOptions,
  RotateOptions,
  RotateResult,
  SessionStore,
  StoredSession,
  UpdateResult,
} from './lib/session-store.ts'
export type { SessionProxyHandler } from './lib/with-session.ts'
