import type { LocalKV } from 'local-kv'
import type { ModelSession, ModelState, ModelUser } from './sessions.ts'

/** What KV really holds, read field by field past all HTTP, faults and replicas. */
export interface Stored {
  readonly state: ModelState
  /** What is stored of each user, as one text. */
  readonly users: ReadonlyMap<string, string>
  /** Remaining life of each key. */
  readonly ttls: readonly number[]
  /** Every key and value as one text, to search for what must not be there. */
  readonly text: string
}

const PREFIX = 'session:'
const FEED = 'changes:session:'

export async function readStored(kv: LocalKV): Promise<Stored> {
  const keys = ((await kv.command('KEYS', '*')) as string[]).sort()
  const found = await Promise.all(keys.map((key) => readKey(kv, key)))
  const kept = found.filter(({ ttl }) => ttl !== -2)
  const users = kept.filter(({ key }) => key !== FEED).map((one) => ({ ...one, userId: userIdOf(one.key) }))
  return {
    state: new Map(users.map(({ userId, flat }) => [userId, parseUser(flat)])),
    users: new Map(users.map(({ userId, flat }) => [userId, flat.join('\n')])),
    ttls: kept.map(({ ttl }) => ttl),
    text: [...keys, ...kept.flatMap(({ flat }) => flat)].join('\n'),
  }
}

async function readKey(
  kv: LocalKV,
  key: string,
): Promise<{ key: string; flat: readonly string[]; ttl: number }> {
  const value = key === FEED ? kv.command('XRANGE', key, '-', '+') : kv.command('HGETALL', key)
  const [held, ttl] = await Promise.all([value, kv.command('PTTL', key)])
  return { key, flat: (held as unknown[]).flat(2).map(String), ttl: Number(ttl) }
}

function userIdOf(key: string): string {
  return key.slice(PREFIX.length)
}

function parseUser(flat: readonly string[]): ModelUser {
  const fields = new Map(flat.flatMap((name, n) => (n % 2 === 0 ? [[name, flat[n + 1] ?? ''] as const] : [])))
  const sessions = new Map<string, ModelSession>()
  const trails = new Map<string, { nextId: string; graceEnd: number }>()
  for (const [field, value] of fields) {
    const [kind, id] = [field.slice(0, 2), field.slice(2)]
    const session =
      kind === 's:' ? parseSession(id, { state: value, times: fields.get(`t:${id}`) ?? '' }) : null
    if (session !== null) sessions.set(id, session)
    const [nextId = '', graceEnd] = value.split(' ')
    if (kind === 'r:') trails.set(id, { nextId, graceEnd: Number(graceEnd) })
  }
  return { sessions, trails }
}

/** Without readable times a session has been over since 1970. */
function parseSession(id: string, { state, times }: { state: string; times: string }): ModelSession {
  const written = /^\d+( \d+){4}$/.test(times) ? times : '0 0 0 0 0'
  const numbers = written.split(' ').map(Number)
  const [createdAt = 0, authenticatedAt = 0, lastSeenAt = 0, absoluteEnd = 0, idle = 0] = numbers
  const [, format, version, json = ''] = /^(\d+)\|(\d*)\|?(.*)$/.exec(state) ?? []
  const base = { id, family: '', createdAt, authenticatedAt, lastSeenAt, absoluteEnd, idle }
  const unreadable = { ...base, version: 0, role: null, data: {} }
  if (format === undefined) return { ...unreadable, content: 'corrupt' }
  if (format !== '1') return { ...unreadable, content: 'newer' }
  const { r, d } = JSON.parse(json)
  return { ...base, version: Number(version), role: r, data: d, content: 'readable' }
}
