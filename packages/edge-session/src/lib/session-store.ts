import type { SessionRecord, SessionRef } from './record.ts'

/** The part of a store that recognising a visitor takes: what a proxy at the edge has to carry. */
export interface RecognitionStore {
  /** Finds one session. With `authoritative` the answer comes from the primary, never from a replica that may lag. */
  read(ref: SessionRef, options: ReadOptions): Promise<StoredSession>
  /** Moves `lastSeenAt` forward (never back) to that of `record`. Does nothing to a session that is gone. */
  touch(record: SessionRecord, options: AtTime): Promise<void>
  /** Moves a session to `nextId` and leaves a trail from the old id. */
  rotate(record: SessionRecord, options: RotateOptions & { readonly graceEnd: number }): Promise<RotateResult>
  /** Ends one session, or the one it was rotated to. Resolves to whether there was one. */
  destroy(ref: SessionRef): Promise<boolean>
  /** What the cache needs. A store without it can not be cached. */
  readonly changes?: ChangeFeed
}

/**
 * Tells whose sessions changed, wherever they were changed: every session that ended before its time, and every update
 * and rotation, is in the feed when the operation is reported to have happened. Touches and reads are not. It may tell
 * of more, never of less.
 */
export interface ChangeFeed {
  /** Changes after the cursor, from the primary; `null` begins now. Rejects when they are not known. */
  read(cursor: string | null): Promise<Changes>
  /** Calls back after every change made through this very store, also one that is not known to have been applied. */
  watch(listener: (userId: string) => void): void
  /** Whether one cursor stands before another in the feed. So does every cursor of another feed: nothing is known since. */
  precedes(cursor: string, other: string): boolean
}

export interface Changes {
  /** Where to go on from. */
  readonly cursor: string
  /** Whose sessions changed; `null` when the feed does not reach back to the cursor, so that anybody's may have. */
  readonly userIds: readonly string[] | null
}

/**
 * Where sessions live. Everything a store must do, in one place; `edge-session/testing` has a suite that checks it.
 *
 * Absence is a value, failure is an exception: a method rejects when, and only when, it is not known whether the
 * operation took place or what the answer is. Resolving with "nothing there" after a timeout signs users out.
 *
 * - Every mutation is atomic and idempotent: applied twice, it leaves the same state and gives the same answer. Only
 *   `destroy`, `revoke` and `evicted` tell what this very call ended.
 * - One rotation after another leaves 8 trails: from the first id of a session, and from the last 7. Those between are
 *   forgotten; that of the first leads on to the eldest of the others, and keeps its grace.
 * - A session that was destroyed or revoked never comes back: `touch`, `update` and `rotate` change only what exists.
 * - A stored session disappears after it expired, by itself or by `cleanUp`; the store never keeps one without an end.
 * - The store does not decide whether a session has expired; callers compare times with their own clock.
 */
export interface SessionStore extends RecognitionStore {
  /** Stores a new session, ends `replaces`, and keeps the user's number of live sessions within `limit`. */
  create(record: SessionRecord, options: CreateOptions): Promise<CreateResult>
  /**
   * Replaces role and data if the stored version is still `record.version - 1`. Asked for again, with the same mark, it
   * is `updated` as well; an equal update with another mark is a conflict.
   */
  update(record: SessionRecord, options?: UpdateOptions): Promise<UpdateResult>
  /** Moves a session to `nextId`. With `graceEnd` it leaves a trail from the old id; with `null`, the old id is dead at once. */
  rotate(record: SessionRecord, options: RotateOptions): Promise<RotateResult>
  /** All of a user's stored sessions, in no order, read from the primary. Unreadable ones are left out. */
  list(userId: string): Promise<readonly SessionRecord[]>
  /**
   * Ends all of a user's sessions, save `except` (or what it was rotated to). Resolves to the number of live ones ended;
   * to `null`, and ends none, if `except` is no live session: whoever holds what was revoked ends nothing with it.
   */
  revoke(userId: string, options: RevokeOptions): Promise<number | null>
  /**
   * For stores that do not forget by themselves: removes every session that expired before `now`, in portions if there
   * are many, and resolves to their number. Called by `sessionHandlers().cleanup`. KV, which has a TTL, leaves it out.
   */
  cleanUp?(options: AtTime): Promise<number>
}

export interface AtTime {
  /** The caller's clock, milliseconds. */
  readonly now: number
}

export interface CreateOptions extends AtTime {
  readonly limit: number
  readonly whenFull: 'evict-oldest' | 'refuse'
  /** Id of a session of the same user that ends in the same step. */
  readonly replaces: string | null
}

export type CreateResult = { readonly created: true; readonly evicted: number } | { readonly created: false }

export interface ReadOptions {
  readonly authoritative: boolean
}

/**
 * - `record`: there is one.
 * - `rotated`: it moved to `nextId`; the old id may still be used until `graceEnd`.
 * - `missing`: there is none.
 * - `corrupt`: there is one that can not be read.
 * - `newer`: written by a later version of this package; not ours to judge.
 */
export type StoredSession =
  | { readonly kind: 'record'; readonly record: SessionRecord }
  | { readonly kind: 'rotated'; readonly nextId: string; readonly graceEnd: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'newer' }

export interface UpdateOptions {
  /** Random text, stored beside role and data: tells an update from an equal one of somebody else. Default: none. */
  readonly mark?: string
}

/** On `conflict`, `current` is what another writer stored. */
export type UpdateResult =
  | { readonly kind: 'updated' }
  | { readonly kind: 'conflict'; readonly current: SessionRecord }
  | { readonly kind: 'missing' }

export interface RotateOptions {
  readonly nextId: string
  /**
   * Until when the old id is still honoured. `null` ends it at once, and stores role and data of `record` if the
   * stored version is still `record.version - 1`.
   */
  readonly graceEnd: number | null
}

/** `rotated` also when an earlier or parallel call already did it: then `nextId` is what that call chose. */
export type RotateResult =
  | { readonly kind: 'rotated'; readonly nextId: string; readonly graceEnd: number | null }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'missing' }

export interface RevokeOptions extends AtTime {
  /** The id of a session, or of what was rotated to one; `null` spares none. */
  readonly except: string | null
}
