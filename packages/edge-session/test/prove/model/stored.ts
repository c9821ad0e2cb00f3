import type { LocalKV } from 'local-kv'
import type { ModelSession, ModelState, ModelUser } from './sessions.ts'

/** What KV really holds, read field by field past all HTTP, faults and replicas. */
export interface Stored {
  readonly state: ModelState
  /** Remaining life of each key. */
  readonly ttls: readonly number[]
  /** Every key and value as one text, to search for what must not be there. */
  readonly text: string
}

const PREFIX = 'session:'
const FEED = 'changes:session:'

export async function readStored(kv: LocalKV): Promise<Stored> {
  const keys = ((await kv.command('KEYS', '*')) as string[]).sort()
  const state = new Map<string, ModelUser>()
  const ttls: number[] = []
  let text = keys.join('\n')
  for (const key of keys) {
    const isFeed = key === FEED
    const flat = isFeed
      ? ((await kv.command('XRANGE', key, '-', '+')) as unknown[]).flat(2).map(String)
      : ((await kv.command('HGETALL', key)) as string[]).map(String)
    const fields = new Map(
      flat.flatMap((name, n) => (n % 2 === 0 ? [[name, flat[n + 1] ?? ''] as const] : [])),
    )
    const ttl = Number(await kv.command('PTTL', key))
    if (ttl === -2) continue
    ttls.push(ttl)
    text += `\n${flat.join('\n')}`
    if (!isFeed) state.set(key.slice(PREFIX.length), parseUser(fields))
  }
  return { state, ttls, text }
}

function parseUser(fields: ReadonlyMap<string, string>): ModelUser {
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
