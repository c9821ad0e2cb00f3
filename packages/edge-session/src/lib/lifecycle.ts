import { randomText, sha256 } from './encoding.ts'
import {
  SessionLimitError,
  SessionNotFoundError,
  SessionUnknownError,
  UpdateConflictError,
} from './errors.ts'
import { expiryReason, isRotationDue } from './lifetime.ts'
import { onceMore } from './once-more.ts'
import {
  destroyWith,
  type Issued,
  issuerOf,
  MOST_HOPS,
  type Recognition,
  type RecognitionParts,
} from './recognition.ts'
import type { SessionRecord, SessionRef } from './record.ts'
import { checkSize } from './session-data.ts'
import type { RotateResult, SessionStore } from './session-store.ts'
import type { SessionWriter } from './session-writer.ts'
import { familyOf, type OpenToken, randomSid } from './token.ts'

/** Everything that can happen to a session. */
export interface Lifecycle extends SessionWriter {
  /** A user's live sessions, latest first. */
  list(userId: string): Promise<readonly SessionRecord[]>
  revoke(ref: SessionRef): Promise<boolean>
  /** @throws SessionNotFoundError, and ends none, if `except` is no live session. */
  revokeAll(userId: string, options: { except: string | null }): Promise<number>
}

/** Beyond this many writers at once, something is wrong. */
const MOST_UPDATE_ATTEMPTS = 128

export function createLifecycle(
  parts: RecognitionParts<SessionStore> & { readonly recognition: Recognition },
): Lifecycle {
  const { config, store, emit, recognition } = parts
  const { now } = config

  const issue = issuerOf(parts)

  /**
   * The session as it is stored now, also when a parallel request of its visitor has rotated it: the id that a request
   * began with is good until the grace ends.
   */
  async function whereaboutsOf({ userId, id }: SessionRef): Promise<SessionRecord> {
    let current = id
    for (let hop = 0; hop <= MOST_HOPS; hop += 1) {
      const stored = await store.read({ userId, id: current }, { authoritative: true })
      if (stored.kind === 'record' && expiryReason(stored.record, now()) === null) return stored.record
      if (stored.kind === 'newer') throw new SessionUnknownError('read')
      if (stored.kind !== 'rotated' || now() >= stored.graceEnd) break
      current = stored.nextId
    }
    throw new SessionNotFoundError()
  }

  /** One that ended while its request went on is not brought back to life. */
  async function stillAlive(record: SessionRecord): Promise<SessionRecord> {
    return expiryReason(record, now()) === null ? record : whereaboutsOf(record)
  }

  /**
   * Asks once more when the answer is lost, as the store answers the same again: else the only token of the session
   * would be lost with it, and its user signed out for having proven who they are.
   */
  function replaceWith(nextId: string, record: SessionRecord): Promise<RotateResult> {
    return onceMore(() => store.rotate(record, { nextId, graceEnd: null }))
  }

  /**
   * A cache elsewhere may not know of an update yet; the visitor's own token says so. Not if it is soon to be rotated:
   * a response that comes later than that of the rotation would put the old token back, and its reuse end the session.
   */
  async function issueSeen(token: OpenToken, record: SessionRecord): Promise<Issued | null> {
    if (config.cache === null || token.id !== record.id) return null
    const { rotateEvery, rotationGrace: ahead } = config
    if (isRotationDue(token.claims, { rotateEvery, now: now(), ahead })) return null
    const seen = await parts.tokens.issue({ ...token.claims, version: record.version })
    return { token: seen, record, remember: token.claims.remember }
  }

  return {
    rotate: ({ token, record }) => recognition.rotate(token, record),
    destroy: (token) => recognition.destroy(token),

    async create(fields, { remember, previous }) {
      const sid = randomSid()
      const record: SessionRecord = { ...fields, id: await sha256(sid) }
      const sameUser = previous !== null && previous.claims.userId === record.userId
      // Another user's session is under another key: it ends first, so that it never outlives a failure half way.
      if (previous !== null && !sameUser) await destroyWith(store, previous)
      const { maxSessions: limit, whenFull } = config
      const replaces = sameUser ? familyOf(previous) : null
      const result = await store.create(record, { now: now(), limit, whenFull, replaces })
      if (!result.created) throw new SessionLimitError()
      emit({ type: 'sign-in', userId: record.userId, id: record.id, evicted: result.evicted })
      return issue(sid, { record, remember })
    },

    async update({ token, record }, change) {
      let current = await stillAlive(record)
      for (let attempt = 0; attempt < MOST_UPDATE_ATTEMPTS; attempt += 1) {
        const next = { ...(await change(current)), version: current.version + 1 }
        const result = await store.update(next, { mark: randomText(9) })
        if (result.kind === 'updated') {
          emit({ type: 'update', userId: next.userId, id: next.id })
          return { record: next, issued: await issueSeen(token, next) }
        }
        current = result.kind === 'conflict' ? result.current : await whereaboutsOf(current)
      }
      throw new UpdateConflictError()
    },

    async reauthenticate({ token: { claims }, record }, { role }) {
      const sid = randomSid()
      const nextId = await sha256(sid)
      let current = await stillAlive(record)
      for (let attempt = 0; attempt < MOST_UPDATE_ATTEMPTS; attempt += 1) {
        const at = now()
        const next = checkSize({
          ...current,
          role,
          version: current.version + 1,
          authenticatedAt: at,
          lastSeenAt: at,
          absoluteEnd: at + (current.absoluteEnd - current.authenticatedAt),
        })
        const result = await replaceWith(nextId, next)
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
        current = await whereaboutsOf(current)
      }
      throw new UpdateConflictError()
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
      if (revoked === null) throw new SessionNotFoundError()
      emit({ type: 'revocation', userId, revoked })
      return revoked
    },
  }
}
