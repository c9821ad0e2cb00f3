import { SessionUnknownError, type StoreOperation } from './errors.ts'
import { type ChangingKV, createChangingKV } from './kv-changes.ts'
import type { KVStoreOptions } from './kv-connection.ts'
import { DESTROY, READ, ROTATE, TOUCH } from './kv-recognition-scripts.ts'
import { KVError, type KVReply } from './kv-transport.ts'
import { expiresAt } from './lifetime.ts'
import type { SessionRef, SessionTimes } from './record.ts'
import { decodeRecord, encodeTimes } from './record-codec.ts'
import type { RecognitionStore, StoredSession } from './session-store.ts'

/** The part of a KV store that recognising visitors takes: all that an edge bundle has to carry. */
export function kvRecognitionStore(options: KVStoreOptions): RecognitionStore {
  return recognitionStoreOn(createChangingKV(options))
}

/** The same on a connection that is already there. */
export function recognitionStoreOn(kv: ChangingKV): RecognitionStore {
  return {
    ...(kv.changes && { changes: kv.changes }),

    async read(ref, { authoritative }) {
      const { userId, id } = ref
      const fields = [`s:${id}`, `t:${id}`, `r:${id}`, `n:${kv.nonce()}`]
      try {
        const reply = authoritative
          ? await kv.run('read', { script: READ, userId, args: fields })
          : await kv.call('read', { name: 'HMGET', userId, args: fields })
        return asStored(ref, reply)
      } catch (error) {
        if (error instanceof KVError) return { kind: 'corrupt' }
        throw error
      }
    },

    async touch(record, { now }) {
      const { userId, id, lastSeenAt } = record
      const args = [id, encodeTimes(record), lastSeenAt, ttlOf(record, now)]
      isOne('touch', await kv.run('touch', { script: TOUCH, userId, args }))
    },

    async rotate(record, { nextId, graceEnd }) {
      const { userId, id, lastSeenAt } = record
      const args = [id, nextId, encodeTimes(record), ttlOf(record, lastSeenAt), graceEnd]
      const reply = await kv.change('rotate', { script: ROTATE, userId, args, when: 'result ~= 0' })
      if (reply === 0) return { kind: 'missing' }
      const trail = asTrail(reply)
      if (trail === null) throw new SessionUnknownError('rotate')
      return trail
    },

    async destroy({ userId, id }) {
      const script = { script: DESTROY, userId, args: [id], when: 'result ~= 0' }
      return isOne('destroy', await kv.change('destroy', script))
    },
  }
}

/** Time until the session ends of itself: what the key must live at least. */
export function ttlOf(times: SessionTimes, now: number): number {
  return Math.max(1, Math.ceil(expiresAt(times) - now))
}

/** 1 or 0 as a truth value; anything else proves nothing. */
export function isOne(operation: StoreOperation, reply: KVReply | undefined): boolean {
  if (reply !== 0 && reply !== 1) throw new SessionUnknownError(operation)
  return reply === 1
}

/** State, times, trail, nonce. The nonce's own value must be the null it asked for: a made-up reply has another shape. */
export function asStored(ref: SessionRef, reply: KVReply): StoredSession {
  const [state, times, trail, nonce] = Array.isArray(reply) && reply.length === 4 ? reply : []
  if (nonce !== null || !isTextOrNull(state) || !isTextOrNull(times) || !isTextOrNull(trail)) {
    throw new SessionUnknownError('read')
  }
  if (state !== null) {
    const record = decodeRecord(ref, { state, times })
    return typeof record === 'string' ? { kind: record } : { kind: 'record', record }
  }
  return trail === null ? { kind: 'missing' } : (asTrail(trail) ?? { kind: 'corrupt' })
}

function asTrail(value: KVReply): Extract<StoredSession, { kind: 'rotated' }> | null {
  const [, nextId, graceEnd] = /^([\w-]{43}) (\d{1,15})$/.exec(String(value)) ?? []
  return nextId === undefined ? null : { kind: 'rotated', nextId, graceEnd: Number(graceEnd) }
}

function isTextOrNull(value: KVReply | undefined): value is string | null {
  return value === null || typeof value === 'string'
}
