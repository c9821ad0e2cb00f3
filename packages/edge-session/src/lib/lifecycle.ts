import { sha256 } from './encoding.ts'
import {
  SessionLimitError,
  SessionNotFoundError,
  SessionUnknownError,
  UpdateConflictError,
} from './errors.ts'
import type { SessionEvent } from './events.ts'
import { expiryReason, touchIsDue } from './lifetime.ts'
import type { RecordLookup } from './lookup.ts'
import { sharedMemo } from './memo.ts'
import type { Config } from './options.ts'
import type { SessionRecord, SessionRef } from './record.ts'
import type { Seal } from './seal.ts'
import type { SessionStore, StoredSession } from './session-store.ts'
import { type OpenToken, randomSid, type Tokens } from './token.ts'

/** A new token and what its cookie needs. */
export interface Issued {
  readonly token: string
  readonly record: SessionRecord
  readonly remember: boolean
}

export interface Lifecycle {
  /**
   * One KV command when the session is active, two when it is not. Never rejects because of KV: that is `unknown`.
   * With `fresh` the primary is asked at once, and a lagging replica can not answer.
   */
  lookup(token: OpenToken, options: { fresh: boolean }): Promise<RecordLookup>
  create(
    record: Omit<SessionRecord, 'id'>,
    options: { remember: boolean; previous: OpenToken | null },
  ): Promise<Issued>
  /** Records activity if it is due; `null` if not. Never rejects because of KV: the next request tries again. */
  touch(record: SessionRecord): Promise<void> | null
  /** Replaces the data by `change(data)`, again and again until no other writer interferes. */
  update(record: SessionRecord, change: (record: SessionRecord) => SessionRecord): Promise<SessionRecord>
  /** Routine rotation with grace. `null` if the session is gone or another secret's holder rotates it. */
  rotate(token: OpenToken, record: SessionRecord): Promise<Issued | null>
  /** New id after a change of privilege: the old one is dead at once and both lifetimes start over. */
  reauthenticate(token: OpenToken, change: { record: SessionRecord; role: string | null }): Promise<Issued>
  destroy(token: OpenToken): Promise<boolean>
  list(userId: string): Promise<readonly SessionRecord[]>
  revoke(ref: SessionRef): Promise<boolean>
  revokeAll(userId: string, options: { except: string | null }): Promise<number>
}

/** As many rotations as a store keeps trails for. */
const MOST_HOPS = 8
/** Beyond this many writers at once, something is wrong. */
const MOST_UPDATE_ATTEMPTS = 128

export function createLifecycle(parts: {
  config: Config<unknown>
  store: SessionStore
  seal: Seal
  tokens: Tokens
  emit: (event: WithoutTime<SessionEvent>) => void
}): Lifecycle {
  const { config, store, seal, tokens, emit } = parts
  const { now } = config
  const touched = sharedMemo<number>({ name: 'touched', maxSize: 10_000 })

  /**
   * A replica that lags or does not answer proves nothing: whatever is not an active session is asked of the primary,
   * once. So a lookup makes two attempts at most, also when KV is down.
   */
  async function find(ref: SessionRef, spent: Spent): Promise<StoredSession> {
    if (spent.fresh) {
      spent.commands += 1
      return store.read(ref, { authoritative: true })
    }
    try {
      spent.commands += 1
      const nearest = await store.read(ref, { authoritative: false })
      if (nearest.kind === 'rotated') return nearest
      if (nearest.kind === 'record' && expiryReason(nearest.record, now()) === null) return nearest
    } catch (error) {
      if (!(error instanceof SessionUnknownError) || spent.commands > 1) throw error
    }
    spent.commands += 1
    return store.read(ref, { authoritative: true })
  }

  async function resolve(token: OpenToken, spent: Spent): Promise<RecordLookup> {
    const { userId } = token.claims
    let { id } = token
    let { sid } = token.claims
    for (let hop = 0; hop <= MOST_HOPS; hop += 1) {
      const stored = await find({ userId, id }, spent)
      if (stored.kind === 'record') {
        const reason = expiryReason(stored.record, now())
        if (reason !== null) return { outcome: 'none', reason }
        const reissue =
          hop === 0 || sid === '' ? null : await reissueFor(token, { sid, record: stored.record })
        return { outcome: 'active', record: stored.record, reissue }
      }
      if (stored.kind === 'newer') throw new SessionUnknownError('read')
      if (stored.kind !== 'rotated')
        return { outcome: 'none', reason: stored.kind === 'corrupt' ? 'corrupt' : 'revoked' }
      if (now() >= stored.graceEnd) {
        await store.destroy({ userId, id: stored.nextId })
        emit({ type: 'rotation-reuse', userId, id: stored.nextId })
        return { outcome: 'none', reason: 'rotated-reuse' }
      }
      sid = sid === '' ? '' : await successorOf(sid, stored.nextId)
      id = stored.nextId
    }
    return { outcome: 'none', reason: 'revoked' }
  }

  /** Which of the sids our secrets derive is the stored one; empty if the rotation was made with a secret we lack. */
  async function successorOf(sid: string, nextId: string): Promise<string> {
    for (const candidate of await seal.successors(sid)) {
      if ((await sha256(candidate)) === nextId) return candidate
    }
    return ''
  }

  function reissueFor(
    { claims }: OpenToken,
    { sid, record }: { sid: string; record: SessionRecord },
  ): Promise<string> {
    const { userId, absoluteEnd } = record
    return tokens.issue({ sid, userId, issuedAt: now(), absoluteEnd, remember: claims.remember })
  }

  async function issue(
    sid: string,
    { record, remember }: { record: SessionRecord; remember: boolean },
  ): Promise<Issued> {
    const { userId, absoluteEnd } = record
    return {
      token: await tokens.issue({ sid, userId, issuedAt: now(), absoluteEnd, remember }),
      record,
      remember,
    }
  }

  return {
    async lookup(token, { fresh }) {
      const started = now()
      const spent = { commands: 0, fresh }
      try {
        const result = await resolve(token, spent)
        if (result.outcome === 'none')
          emit({ type: 'none', reason: result.reason, kvCommands: spent.commands })
        return result
      } catch (error) {
        if (!(error instanceof SessionUnknownError)) throw error
        emit({
          type: 'unknown',
          operation: error.operation,
          latency: now() - started,
          kvCommands: spent.commands,
        })
        return { outcome: 'unknown', error }
      }
    },

    async create(fields, { remember, previous }) {
      const sid = randomSid()
      const record: SessionRecord = { ...fields, id: await sha256(sid) }
      const sameUser = previous !== null && previous.claims.userId === record.userId
      // Another user's session is under another key: it ends first, so that it never outlives a failure half way.
      if (previous !== null && !sameUser)
        await store.destroy({ userId: previous.claims.userId, id: previous.id })
      const { maxSessions: limit, whenFull } = config
      const replaces = sameUser ? previous.id : null
      const result = await store.create(record, { now: now(), limit, whenFull, replaces })
      if (!result.created) throw new SessionLimitError()
      emit({ type: 'sign-in', userId: record.userId, id: record.id, evicted: result.evicted })
      return issue(sid, { record, remember })
    },

    touch(record) {
      const at = now()
      if (!touchIsDue(record, { now: at, touchInterval: config.touchInterval })) return null
      // A replica may show the old time for a while; within this process one touch per interval is enough.
      const last = touched.get(record.id)
      if (last !== undefined && at >= last && at - last < config.touchInterval) return null
      touched.set(record.id, at)
      return store.touch({ ...record, lastSeenAt: at }, { now: at }).then(
        () => emit({ type: 'touch', userId: record.userId, id: record.id }),
        (error: unknown) => {
          touched.delete(record.id)
          if (!(error instanceof SessionUnknownError)) throw error
          emit({ type: 'unknown', operation: 'touch', latency: now() - at, kvCommands: 1 })
        },
      )
    },

    async update(record, change) {
      let current = record
      for (let attempt = 0; attempt < MOST_UPDATE_ATTEMPTS; attempt += 1) {
        const next = { ...change(current), version: current.version + 1 }
        const result = await store.update(next)
        if (result.kind === 'missing') throw new SessionNotFoundError()
        if (result.kind === 'updated') {
          emit({ type: 'update', userId: next.userId, id: next.id })
          return next
        }
        current = result.current
      }
      throw new UpdateConflictError()
    },

    async rotate({ claims, id: previousId }, record) {
      const at = now()
      const [sid = ''] = await seal.successors(claims.sid)
      const nextId = await sha256(sid)
      const rotated = { ...record, id: previousId, lastSeenAt: Math.max(at, record.lastSeenAt) }
      const result = await store.rotate(rotated, { nextId, graceEnd: at + config.rotationGrace })
      if (result.kind !== 'rotated') return null
      const successor = result.nextId === nextId ? sid : await successorOf(claims.sid, result.nextId)
      if (successor === '') return null
      const next = { ...rotated, id: result.nextId }
      emit({ type: 'rotation', cause: 'routine', previousId, userId: next.userId, id: next.id })
      return issue(successor, { record: next, remember: claims.remember })
    },

    async reauthenticate({ claims }, { record, role }) {
      const sid = randomSid()
      const nextId = await sha256(sid)
      let current = record
      for (let attempt = 0; attempt < MOST_UPDATE_ATTEMPTS; attempt += 1) {
        const at = now()
        const next = {
          ...current,
          role,
          version: current.version + 1,
          authenticatedAt: at,
          lastSeenAt: at,
          absoluteEnd: at + (current.absoluteEnd - current.authenticatedAt),
        }
        const result = await store.rotate(next, { nextId, graceEnd: null })
        if (result.kind === 'rotated') {
          const renewed = { ...next, id: nextId }
          emit({
            type: 'rotation',
            cause: 'reauthentication',
            previousId: record.id,
            userId: record.userId,
            id: nextId,
          })
          return issue(sid, { record: renewed, remember: claims.remember })
        }
        const stored = result.kind === 'missing' ? null : await store.read(record, { authoritative: true })
        if (stored?.kind !== 'record') throw new SessionNotFoundError()
        current = stored.record
      }
      throw new UpdateConflictError()
    },

    async destroy({ id, claims: { userId } }) {
      const existed = await store.destroy({ userId, id })
      if (existed) emit({ type: 'sign-out', userId, id })
      return existed
    },

    async list(userId) {
      const at = now()
      const records = await store.list(userId)
      return records
        .filter((record) => expiryReason(record, at) === null)
        .sort((a, b) => b.lastSeenAt - a.lastSeenAt)
    },

    async revoke(ref) {
      const existed = await store.destroy(ref)
      if (existed) emit({ type: 'revocation', userId: ref.userId, revoked: 1 })
      return existed
    },

    async revokeAll(userId, { except }) {
      const revoked = await store.revoke(userId, { except, now: now() })
      emit({ type: 'revocation', userId, revoked })
      return revoked
    },
  }
}

interface Spent {
  commands: number
  readonly fresh: boolean
}

/** An event before it is stamped. */
export type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'at'> : never
