import { randomText } from './encoding.ts'
import { expiresAt, expiryReason } from './lifetime.ts'
import type { SessionRecord, SessionTimes } from './record.ts'
import type { ChangeFeed, SessionStore, StoredSession } from './session-store.ts'

export interface MemoryStoreOptions {
  /** The store's clock, milliseconds since 1970, by which sessions disappear. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * Keeps sessions in the memory of this process, for tests and prototypes. It behaves as the KV store does, but a
 * restart signs everybody out and a second process, region or serverless instance knows nothing of the first one's
 * sessions: a revocation reaches only the process it was made in. Not for production.
 */
export function memoryStore({ now = () => Date.now() }: MemoryStoreOptions = {}): SessionStore {
  const users = new Map<string, User>()
  let sweepAt = 1_000

  function find(userId: string): User {
    const user = users.get(userId) ?? { sessions: new Map(), trails: new Map() }
    prune(user, (stored) => stored.endsAt > now())
    if (user.sessions.size === 0) users.delete(userId)
    return user
  }

  function entry(record: SessionRecord, ttl: number): Stored {
    return { text: JSON.stringify(record), endsAt: now() + ttl }
  }

  function sweep(): void {
    if (users.size < sweepAt) return
    for (const userId of users.keys()) find(userId)
    sweepAt = Math.max(1_000, users.size * 2)
  }

  const { announce, ...changes } = createChanges()

  return {
    changes,

    async create(record, { now: at, limit, whenFull, replaces }) {
      const { userId, id } = record
      const user = find(userId)
      if (user.sessions.has(id) || user.trails.has(id)) return { created: true, evicted: 0 }
      const replaced = replaces === null ? null : follow(user, replaces)
      prune(user, (stored) => expiryReason(parse(stored), at) === null)
      const others = [...user.sessions.values()].map(parse).filter((other) => other.id !== replaced)
      const excess = Math.max(0, others.length - (limit - 1))
      if (excess > 0 && whenFull === 'refuse') return { created: false }
      const evicted = others.sort((a, b) => a.createdAt - b.createdAt).slice(0, excess)
      for (const other of evicted) user.sessions.delete(other.id)
      if (replaced !== null) user.sessions.delete(replaced)
      user.sessions.set(id, entry(record, timeLeft(record, at)))
      users.set(userId, user)
      if (excess > 0 || replaced !== null) announce(userId)
      sweep()
      return { created: true, evicted: excess }
    },

    async read({ userId, id }) {
      return look(find(userId), id)
    },

    async touch(record, { now: at }) {
      const { userId, id, lastSeenAt } = record
      const { sessions } = find(userId)
      const stored = sessions.get(id)
      if (stored === undefined || parse(stored).lastSeenAt >= lastSeenAt) return
      const next = { ...parse(stored), lastSeenAt }
      sessions.set(id, { ...stored, ...entry(next, timeLeft(next, at)) })
    },

    async update(record, { mark } = {}) {
      const { userId, id, version, role, data } = record
      const { sessions } = find(userId)
      const stored = sessions.get(id)
      if (stored === undefined) return { kind: 'missing' }
      const current = parse(stored)
      const next = { ...current, version, role, data }
      const text = JSON.stringify(next)
      if (text === stored.text && mark === stored.mark) return { kind: 'updated' }
      if (current.version !== version - 1) return { kind: 'conflict', current }
      sessions.set(id, { ...stored, text, mark })
      announce(userId)
      return { kind: 'updated' }
    },

    async rotate(record, { nextId, graceEnd }) {
      const { userId, id, lastSeenAt } = record
      const user = find(userId)
      if (graceEnd === null && user.sessions.has(nextId)) return { kind: 'rotated', nextId, graceEnd }
      const stored = user.sessions.get(id)
      const trail = user.trails.get(id)
      if (stored === undefined)
        return graceEnd === null || trail === undefined ? { kind: 'missing' } : { kind: 'rotated', ...trail }
      const current = parse(stored)
      if (graceEnd === null && current.version !== record.version - 1) return { kind: 'conflict' }
      const next = graceEnd === null ? { ...record, id: nextId } : { ...current, id: nextId, lastSeenAt }
      user.sessions.delete(id)
      user.sessions.set(nextId, entry(next, timeLeft(record, lastSeenAt)))
      if (graceEnd !== null) user.trails.set(id, { nextId, graceEnd })
      thin(user, nextId)
      announce(userId)
      return { kind: 'rotated', nextId, graceEnd }
    },

    async destroy({ userId, id }) {
      const user = find(userId)
      const found = follow(user, id)
      if (found !== null) announce(userId)
      return found !== null && user.sessions.delete(found)
    },

    async list(userId) {
      return [...find(userId).sessions.values()].map(parse)
    },

    async revoke(userId, { except, now: at }) {
      const user = find(userId)
      prune(user, (stored) => expiryReason(parse(stored), at) === null)
      const kept = except === null ? null : follow(user, except)
      if (except !== null && kept === null) return null
      const ended = [...user.sessions.values()].map(parse).filter(({ id }) => id !== kept)
      for (const { id } of ended) user.sessions.delete(id)
      announce(userId)
      return ended.length
    },
  }
}

/** The last 1,000 changes; a cursor is the number of the change it stands on, and the name of this very feed. */
function createChanges(): ChangeFeed & { announce(userId: string): void } {
  const told: string[] = []
  const listeners: ((userId: string) => void)[] = []
  let count = 0
  let name: string | undefined
  return {
    announce(userId) {
      count += 1
      told.push(userId)
      if (told.length > 1_000) told.shift()
      for (const listener of listeners) listener(userId)
    },
    watch: (listener) => void listeners.push(listener),
    precedes(cursor, other) {
      const [[number, feed], [otherNumber, otherFeed]] = [cursor.split(' '), other.split(' ')]
      return feed !== otherFeed || Number(number) < Number(otherNumber)
    },
    async read(cursor) {
      // Here and not before: edge runtimes refuse random numbers while a module loads.
      name ??= randomText(6)
      const [number, feed] = cursor?.split(' ') ?? []
      const missed = feed === name ? count - Number(number) : Number.NaN
      const reaches = missed >= 0 && missed <= told.length
      const userIds = reaches ? [...new Set(told.slice(told.length - missed))] : null
      return { cursor: `${count} ${name}`, userIds }
    },
  }
}

/** At most this many trails lead to one session: from its first id and the latest. */
const MAX_TRAILS = 8

interface User {
  readonly sessions: Map<string, Stored>
  readonly trails: Map<string, Trail>
}

/** As text, so that nothing the caller does to its objects reaches the store. */
interface Stored {
  readonly text: string
  readonly endsAt: number
  /** Of the last update. */
  readonly mark?: string | undefined
}

interface Trail {
  readonly nextId: string
  readonly graceEnd: number
}

function parse({ text }: Stored): SessionRecord {
  return JSON.parse(text)
}

function timeLeft(times: SessionTimes, now: number): number {
  return Math.max(1, expiresAt(times) - now)
}

function look(user: User, id: string): StoredSession {
  const stored = user.sessions.get(id)
  if (stored !== undefined) return { kind: 'record', record: parse(stored) }
  const trail = user.trails.get(id)
  return trail === undefined ? { kind: 'missing' } : { kind: 'rotated', ...trail }
}

function follow(user: User, id: string): string | null {
  let current: string | undefined = id
  for (let hop = 0; current !== undefined && hop <= MAX_TRAILS; hop += 1) {
    if (user.sessions.has(current)) return current
    current = user.trails.get(current)?.nextId
  }
  return null
}

/** Removes the trails between that of the first id and the latest. */
function thin({ trails }: User, id: string): void {
  const before = new Map([...trails].map(([old, { nextId }]) => [nextId, old]))
  const ids: string[] = []
  for (let old = before.get(id); old !== undefined && ids.length < 99; old = before.get(old)) ids.push(old)
  const [nearest = id] = ids.slice(MAX_TRAILS - 2)
  const first = ids.at(-1) ?? id
  for (const old of ids.slice(MAX_TRAILS - 1)) {
    const trail = trails.get(old)
    if (old === first && trail !== undefined) trails.set(old, { ...trail, nextId: nearest })
    else trails.delete(old)
  }
}

/** Removes the sessions that are not to be kept, and the trails that then lead nowhere. */
function prune(user: User, isKept: (stored: Stored) => boolean): void {
  for (const [id, stored] of user.sessions) if (!isKept(stored)) user.sessions.delete(id)
  for (const id of user.trails.keys()) if (follow(user, id) === null) user.trails.delete(id)
}
