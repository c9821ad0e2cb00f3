import { SessionUnknownError, type StoreOperation } from './errors.ts'
import { createChangingKV } from './kv-changes.ts'
import type { KVStoreOptions } from './kv-connection.ts'
import { asStored, isOne, recognitionStoreOn, ttlOf } from './kv-recognition.ts'
import { CREATE, LIST, REPLACE, REVOKE, UPDATE } from './kv-scripts.ts'
import type { KVReply } from './kv-transport.ts'
import type { SessionRecord } from './record.ts'
import { decodeRecord, encodeState, encodeTimes } from './record-codec.ts'
import type { SessionStore } from './session-store.ts'

export type { KVStoreOptions }

/**
 * All sessions of a user in one Redis hash, `{prefix}{userId}`: there is no index to fall out of step, signing a user
 * out everywhere is one command, and every operation touches one key. Each costs exactly one command.
 */
export function kvStore(options: KVStoreOptions): SessionStore {
  const kv = createChangingKV(options)
  const recognition = recognitionStoreOn(kv)

  return {
    ...recognition,

    async create(record, { now, limit, whenFull, replaces }) {
      const { userId, id } = record
      const ttl = ttlOf(record, now)
      const args = [id, encodeState(record), encodeTimes(record), ttl, now, limit, whenFull, replaces ?? '']
      const when = `result[2] ~= 0 or ARGV[8] ~= ''`
      const reply = await kv.change('create', { script: CREATE, userId, args, when })
      const [created, evicted] = asArray(reply, { operation: 'create', lengths: [2] })
      if (typeof evicted !== 'number') throw new SessionUnknownError('create')
      return isOne('create', created) ? { created: true, evicted } : { created: false }
    },

    async update(record, { mark } = {}) {
      const { userId, id, version } = record
      const args = [id, encodeState(record, mark), version]
      const reply = await kv.change('update', { script: UPDATE, userId, args, when: 'result[1] == 1' })
      const [kind, state, times] = asArray(reply, { operation: 'update', lengths: [1, 3] })
      if (kind === 1) return { kind: 'updated' }
      if (kind === 0) return { kind: 'missing' }
      const current = asStored(record, [state ?? null, times ?? null, null, null])
      if (kind !== 2 || current.kind !== 'record') throw new SessionUnknownError('update')
      return { kind: 'conflict', current: current.record }
    },

    async rotate(record, { nextId, graceEnd }) {
      if (graceEnd !== null) return recognition.rotate(record, { nextId, graceEnd })
      const { userId, id, version, lastSeenAt } = record
      const ttl = ttlOf(record, lastSeenAt)
      const args = [id, nextId, encodeState(record), version, encodeTimes(record), ttl]
      const reply = await kv.change('rotate', { script: REPLACE, userId, args, when: 'result == 1' })
      if (reply === 2) return { kind: 'conflict' }
      return isOne('rotate', reply) ? { kind: 'rotated', nextId, graceEnd } : { kind: 'missing' }
    },

    async list(userId) {
      const reply = await kv.run('list', { script: LIST, userId, args: [] })
      return asRecords(userId, asArray(reply, { operation: 'list' }))
    },

    async revoke(userId, { except, now }) {
      const args = [except ?? '', now]
      const reply = await kv.change('revoke', { script: REVOKE, userId, args, when: 'result ~= -1' })
      if (typeof reply !== 'number') throw new SessionUnknownError('revoke')
      return reply < 0 ? null : reply
    },
  }
}

/** An array, of one of the lengths if any are given. */
function asArray(
  reply: KVReply,
  { operation, lengths }: { operation: StoreOperation; lengths?: readonly number[] },
): readonly KVReply[] {
  if (Array.isArray(reply) && lengths?.includes(reply.length) !== false) return reply
  throw new SessionUnknownError(operation)
}

function asRecords(userId: string, fields: readonly KVReply[]): readonly SessionRecord[] {
  const values = new Map<string, string>()
  for (let i = 0; i < fields.length; i += 2) {
    const [field, value] = [fields[i], fields[i + 1]]
    if (typeof field !== 'string' || typeof value !== 'string') throw new SessionUnknownError('list')
    values.set(field, value)
  }
  return [...values].flatMap(([field, state]) => {
    if (!field.startsWith('s:')) return []
    const id = field.slice(2)
    const record = decodeRecord({ userId, id }, { state, times: values.get(`t:${id}`) ?? null })
    return typeof record === 'string' ? [] : [record]
  })
}
