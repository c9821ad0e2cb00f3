import QuickLRU from 'quick-lru'
import type { CacheConfig } from './cache-options.ts'
import type { Emit } from './events.ts'
import { createFeedCoverage } from './feed-coverage.ts'
import { createFeedReader } from './feed-reader.ts'
import type { RecordLookup } from './lookup.ts'
import type { SessionRecord, SessionRef } from './record.ts'
import type { ChangeFeed } from './session-store.ts'
import type { Snapshot } from './snapshots.ts'
import { never, startStopwatch } from './stopwatch.ts'

/**
 * Sessions that were seen active, and what the change feed says of them. What is kept stands by the order of the feed
 * alone: a session read before a change is never kept past the reading of that change. Clocks only decide when the
 * feed has to be read again.
 */
export interface SessionCache {
  /** A session seen active. Whether it may be served is for `isCurrent` to say. */
  find(ref: SessionRef): CachedSession | null
  /** Looks a session up, and keeps it if it is active and was not changed meanwhile. */
  readThrough(ref: SessionRef, lookUp: () => Promise<RecordLookup>): Promise<RecordLookup>
  /** Keeps what another instance read and sealed, if it is certain that the session did not change since. */
  adopt(ref: SessionRef, snapshot: Snapshot): Promise<boolean>
  /** What to seal for other instances and how long it is of use, if it is recent enough to be worth it. */
  snapshotOf(ref: SessionRef): { readonly snapshot: Snapshot; readonly lifetime: number } | null
  /** Its activity was recorded, which no feed tells. */
  touched(record: SessionRecord): void
  /** Whether the feed was read within the lag, so that nothing kept was changed longer ago than that. */
  isCurrent(): boolean
  /** Whether it is now: reads the feed if it is due, once for all who ask at the same time. */
  catchUp(): Promise<boolean>
  /** Whether what is kept may be served if KV does not answer. */
  mayBeStale(): boolean
  /** Whether it may be served without asking: KV did not answer when a session was looked up a moment ago. */
  isOutage(): boolean
}

export interface CachedSession {
  readonly record: SessionRecord
  /** Read so long ago that it ought to be read again, whatever the feed says. */
  readonly old: boolean
}

/** Should a change ever be missing from the feed (a key deleted by hand), it is seen after this time. */
const LONGEST_KEPT = 5 * 60_000
/** Clocks of two instances differ by this much at most. */
const MOST_SKEW = 60_000
/** Sessions kept of one user. */
const MOST_PER_USER = 10
/** Requests at a time of which it is known whether they may be kept. */
const MOST_UNDER_WAY = 1_000
/** Time for which KV that did not answer is not asked again about what may be served stale. */
const OUTAGE_REMEMBERED = 1_000

export interface SessionCacheParts {
  readonly options: CacheConfig
  readonly changes: ChangeFeed
  readonly kvTimeout: number
  readonly now: () => number
  readonly emit: Emit
}

export function createSessionCache(parts: SessionCacheParts): SessionCache {
  const { options, changes: feed, kvTimeout, now, emit } = parts
  const { revocationLag, memory, snapshot: longestSnapshot, staleIfError } = options
  // As in KV, one user is one key: there is no index to fall out of step.
  const users = new QuickLRU<string, Map<string, Entry>>({ maxSize: memory })
  const coverage = createFeedCoverage({ precedes: feed.precedes, most: memory })
  const lookUps = new Set<UnderWay>()
  const adoptions = new Set<UnderWay>()
  // An id that ended never comes back, whatever a copy says.
  const ended = new QuickLRU<string, true>({ maxSize: memory })
  let sinceUnanswered = never

  const reader = createFeedReader({
    feed,
    revocationLag,
    timeLimit: kvTimeout,
    now,
    emit,
    onReading() {
      const tell = coverage.startReading()
      return (answer) => {
        if (answer.begin !== null) {
          // What is kept already may have changed before the beginning, of which nothing is told.
          keepNone(lookUps)
          users.clear()
        }
        answer.userIds.forEach(forget)
        tell(answer)
      }
    },
  })

  feed.watch((userId) => {
    coverage.changedHere(userId)
    forget(userId)
  })

  function forget(userId: string): void {
    for (const one of [...lookUps, ...adoptions]) if (one.userId === userId) one.valid = false
    users.delete(userId)
  }

  function keepNone(underWay: Set<UnderWay>): void {
    for (const one of underWay) one.valid = false
    underWay.clear()
  }

  async function whileValid<Value>(
    underWay: Set<UnderWay>,
    { userId, work }: { userId: string; work: () => Promise<Value> },
  ): Promise<{ readonly value: Value; readonly valid: boolean }> {
    const one: UnderWay = { userId, valid: true }
    // Where an edge platform ended the request, an answer never comes back.
    if (underWay.size >= MOST_UNDER_WAY) keepNone(underWay)
    underWay.add(one)
    try {
      const value = await work()
      return { value, valid: one.valid }
    } finally {
      underWay.delete(one)
    }
  }

  function put(record: SessionRecord, readAt: number): void {
    const { id, userId } = record
    const sessions = users.get(userId) ?? new Map()
    sessions.delete(id)
    const [oldest] = sessions.keys()
    if (oldest !== undefined && sessions.size >= MOST_PER_USER) sessions.delete(oldest)
    // As text: nothing that an app does to its session reaches the next request.
    const [age, before] = [startStopwatch(now), Math.max(0, now() - readAt)]
    sessions.set(id, { text: JSON.stringify(record), readAt, age: () => before + age() })
    users.set(userId, sessions)
  }

  const entryOf = ({ userId, id }: SessionRef) => users.get(userId)?.get(id)

  const mayBeStale = () => staleIfError > 0 && reader.age() <= staleIfError

  return {
    find(ref) {
      const entry = entryOf(ref)
      return entry === undefined ? null : { record: JSON.parse(entry.text), old: entry.age() >= LONGEST_KEPT }
    },

    async readThrough({ id, userId }, lookUp) {
      const readAt = now()
      const { value: result, valid } = await whileValid(lookUps, { userId, work: lookUp })
      sinceUnanswered = result.outcome === 'unknown' ? startStopwatch(now) : never
      if (result.outcome === 'active' && result.record.id === id && valid) put(result.record, readAt)
      if (result.outcome === 'none') {
        ended.set(id, true)
        forget(userId)
      }
      return result
    },

    async adopt({ userId, id }, { text, readAt, cursor }) {
      const age = now() - readAt
      if (age < -MOST_SKEW || age >= longestSnapshot) return false
      const before = entryOf({ userId, id })
      // An instance that has just begun can begin where the snapshot stands.
      const work = () => reader.catchUp(cursor)
      const { value: isCurrent, valid } = await whileValid(adoptions, { userId, work })
      if (!isCurrent || !valid || ended.has(id) || !coverage.isUnchangedSince(cursor, userId)) return false
      // What was looked up meanwhile may be newer.
      if (entryOf({ userId, id }) === before) put({ ...JSON.parse(text), userId, id }, readAt)
      return true
    },

    snapshotOf(ref) {
      const [entry, cursor] = [entryOf(ref), reader.cursor()]
      if (entry === undefined || cursor === null || !reader.isCurrent()) return null
      const { text, readAt } = entry
      const lifetime = longestSnapshot - entry.age()
      return lifetime <= longestSnapshot / 2 ? null : { snapshot: { text, readAt, cursor }, lifetime }
    },

    touched({ userId, id, lastSeenAt }) {
      const entry = entryOf({ userId, id })
      if (entry !== undefined) entry.text = JSON.stringify({ ...JSON.parse(entry.text), lastSeenAt })
    },

    isCurrent: reader.isCurrent,

    catchUp: () => reader.catchUp(),

    mayBeStale,

    isOutage: () => mayBeStale() && sinceUnanswered() < OUTAGE_REMEMBERED,
  }
}

interface Entry {
  text: string
  /** By the clock of whoever read it. */
  readonly readAt: number
  readonly age: () => number
}

/** What is not answered yet; not valid once a change to its user is known. */
interface UnderWay {
  readonly userId: string
  valid: boolean
}
