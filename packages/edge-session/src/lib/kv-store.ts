import { randomText } from './encoding.ts'
import { ConfigurationError, SessionUnknownError, type StoreOperation } from './errors.ts'
import { CREATE, DESTROY, LIST, READ, REPLACE, REVOKE, ROTATE, TOUCH, UPDATE } from './kv-scripts.ts'
import { type KVCommand, KVError, type KVReply, type KVTransport } from './kv-transport.ts'
import { expiresAt } from './lifetime.ts'
import type { SessionRecord, SessionRef, SessionTimes } from './record.ts'
import { decodeRecord, encodeState, encodeTimes } from './record-codec.ts'
import type { SessionStore, StoredSession } from './session-store.ts'

export interface KVStoreOptions {
  /** Reaches the KV database. */
  readonly transport: KVTransport
  /** In front of every key, 1 to 64 printable ASCII characters. Default `'session:'`. */
  readonly prefix?: string
  /** Longest time one call may take, in milliseconds. A lookup makes two at most. Default 750. */
  readonly timeout?: number
}

/**
 * All sessions of a user in one Redis hash, `{prefix}{userId}`: there is no index to fall out of step, signing a user
 * out everywhere is one command, and every operation touches one key. Each costs exactly one command.
 */
export function kvStore({ transport, prefix = 'session:', timeout = 750 }: KVStoreOptions): SessionStore {
  if (!/^[\x21-\x7e]{1,64}$/.test(prefix)) {
    throw new ConfigurationError('"prefix" must be 1 to 64 printable ASCII characters without spaces.')
  }
  const nonces = createNonces()

  async function send(operation: StoreOperation, command: KVCommand): Promise<KVReply> {
    const signal = AbortSignal.timeout(timeout)
    try {
      const replies = await withinTime(transport([command], { atomic: false, signal }), signal)
      const [reply] = replies
      if (replies.length !== 1 || reply === undefined) throw new KVError('protocol')
      return reply
    } catch (error) {
      if (error instanceof KVError && error.reply === 'WRONGTYPE') throw error
      // Nothing of the cause is kept: clients put commands, and so session data, into their messages.
      throw new SessionUnknownError(operation)
    }
  }

  function run(
    operation: StoreOperation,
    script: string,
    [userId, ...args]: readonly [string, ...string[]],
  ): Promise<KVReply> {
    return send(operation, ['EVAL', script, '1', prefix + userId, ...args, nonces.next()])
  }

  function isOne(operation: StoreOperation, reply: KVReply): boolean {
    if (reply !== 0 && reply !== 1) throw new SessionUnknownError(operation)
    return reply === 1
  }

  return {
    async create(record, { now, limit, whenFull, replaces }) {
      const reply = await unlessWrongType('create', () =>
        run('create', CREATE, [
          record.userId,
          record.id,
          encodeState(record),
          encodeTimes(record),
          ttlOf(record, now),
          String(now),
          String(limit),
          whenFull,
          replaces ?? '',
        ]),
      )
      const [created, evicted] = asArray('create', reply, 2)
      if (typeof evicted !== 'number') throw new SessionUnknownError('create')
      return isOne('create', created ?? null) ? { created: true, evicted } : { created: false }
    },

    async read(ref, { authoritative }) {
      const { userId, id } = ref
      const nonce = nonces.next()
      const command: KVCommand = authoritative
        ? ['EVAL', READ, '1', prefix + userId, id, nonce]
        : ['HMGET', prefix + userId, `s:${id}`, `t:${id}`, `r:${id}`, `n:${nonce}`]
      try {
        return asStored(ref, await send('read', command))
      } catch (error) {
        if (error instanceof KVError) return { kind: 'corrupt' }
        throw error
      }
    },

    async touch(record, { now }) {
      const { userId, id, lastSeenAt } = record
      const args = [userId, id, encodeTimes(record), String(lastSeenAt), ttlOf(record, now)] as const
      isOne('touch', await unlessWrongType('touch', () => run('touch', TOUCH, args)))
    },

    async update(record) {
      const { userId, id, version } = record
      const reply = await unlessWrongType('update', () =>
        run('update', UPDATE, [userId, id, encodeState(record), String(version)]),
      )
      const [kind, state, times] = asArray('update', reply, 1)
      if (kind === 1) return { kind: 'updated' }
      if (kind === 0) return { kind: 'missing' }
      const current = asStored(record, [state ?? null, times ?? null, null, null])
      if (current.kind !== 'record') throw new SessionUnknownError('update')
      return { kind: 'conflict', current: current.record }
    },

    async rotate(record, { nextId, graceEnd }) {
      const { userId, id } = record
      const ttl = ttlOf(record, record.lastSeenAt)
      if (graceEnd === null) {
        const version = String(record.version)
        const args = [userId, id, nextId, encodeState(record), version, encodeTimes(record), ttl] as const
        const reply = await unlessWrongType('rotate', () => run('rotate', REPLACE, args))
        if (reply === 2) return { kind: 'conflict' }
        return isOne('rotate', reply) ? { kind: 'rotated', nextId, graceEnd } : { kind: 'missing' }
      }
      const args = [userId, id, nextId, encodeTimes(record), ttl, String(graceEnd)] as const
      const reply = await unlessWrongType('rotate', () => run('rotate', ROTATE, args))
      if (reply === 0) return { kind: 'missing' }
      const trail = asTrail(reply)
      if (trail === null) throw new SessionUnknownError('rotate')
      return { kind: 'rotated', ...trail }
    },

    async destroy({ userId, id }) {
      return isOne('destroy', await unlessWrongType('destroy', () => run('destroy', DESTROY, [userId, id])))
    },

    async list(userId) {
      const reply = await unlessWrongType('list', () => run('list', LIST, [userId]))
      return asRecords(userId, asArray('list', reply, 0))
    },

    async revoke(userId, { except, now }) {
      const reply = await unlessWrongType('revoke', () =>
        run('revoke', REVOKE, [userId, except ?? '', String(now)]),
      )
      if (typeof reply !== 'number') throw new SessionUnknownError('revoke')
      return reply
    },
  }
}

/** A transport over a client that ignores the signal still ends in time; what it answers later is not heard. */
async function withinTime<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let onAbort: (() => void) | undefined
  const timeUp = new Promise<never>((_, reject) => {
    onAbort = () => reject(new KVError('timeout'))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, timeUp])
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
}

async function unlessWrongType<Value>(operation: StoreOperation, call: () => Promise<Value>): Promise<Value> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof KVError) throw new SessionUnknownError(operation)
    throw error
  }
}

/** Unique per call and process; random only to keep processes apart, and only once something is asked of KV. */
function createNonces(): { next(): string } {
  let process: string | undefined
  let count = 0
  return {
    next() {
      process ??= randomText(6)
      count += 1
      return `${process}${count.toString(36)}`
    },
  }
}

function ttlOf(times: SessionTimes, now: number): string {
  return String(Math.max(1, Math.ceil(expiresAt(times) - now)))
}

function asArray(operation: StoreOperation, reply: KVReply, atLeast: number): readonly KVReply[] {
  if (!Array.isArray(reply) || reply.length < atLeast) throw new SessionUnknownError(operation)
  return reply
}

function asTrail(value: KVReply): { nextId: string; graceEnd: number } | null {
  const parts = typeof value === 'string' ? /^([\w-]{43}) (\d{1,15})$/.exec(value) : null
  return parts?.[1] === undefined ? null : { nextId: parts[1], graceEnd: Number(parts[2]) }
}

/** The nonce's own value must be the null it asked for: a made-up reply (a cache, a client's empty answer) has another shape. */
function asStored(ref: SessionRef, reply: KVReply): StoredSession {
  const [state, times, trail, nonce] = asArray('read', reply, 4)
  if (nonce !== null || !isTextOrNull(state) || !isTextOrNull(times) || !isTextOrNull(trail)) {
    throw new SessionUnknownError('read')
  }
  if (state !== null) {
    const record = decodeRecord(ref, { state, times })
    return typeof record === 'string' ? { kind: record } : { kind: 'record', record }
  }
  if (trail === null) return { kind: 'missing' }
  const parsed = asTrail(trail)
  return parsed === null ? { kind: 'corrupt' } : { kind: 'rotated', ...parsed }
}

function asRecords(userId: string, fields: readonly KVReply[]): readonly SessionRecord[] {
  const values = new Map<string, string>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [field, value] = [fields[i], fields[i + 1]]
    if (typeof field === 'string' && typeof value === 'string') values.set(field, value)
  }
  return [...values].flatMap(([field, state]) => {
    if (!field.startsWith('s:')) return []
    const id = field.slice(2)
    const record = decodeRecord({ userId, id }, { state, times: values.get(`t:${id}`) ?? null })
    return typeof record === 'string' ? [] : [record]
  })
}

function isTextOrNull(value: KVReply | undefined): value is string | null {
  return value === null || typeof value === 'string'
}
