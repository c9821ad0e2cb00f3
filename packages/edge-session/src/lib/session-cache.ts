import QuickLRU from 'quick-lru'
import type { CacheConfig } from './cache-options.ts'
import { SessionUnknownError } from './errors.ts'
import type { Emit } from './events.ts'
import { createFeedCoverage } from './feed-coverage.ts'
import { KVError } from './kv-transport.ts'
import type { RecordLookup } from './lookup.ts'
import type { SessionRecord, SessionRef } from './record.ts'
import type { ChangeFeed } from './session-store.ts'
import { startStopwatch } from './stopwatch.ts'
import { withTimeLimit } from './time-limit.ts'
import type { Snapshot } from './token.ts'

/**
 * Sessions that were seen active, and what the change feed says of them. What is kept stands by the order of the feed
 * alone: a session read before a change is never kept past the reading of that change. Clocks only decide when the
 * feed has to be read again.
 */
export interface SessionCache {
  /** A session seen active. Whether it may be served is for `isCurrent` to say. */
  find(ref: SessionRef): KeptSession | null
  /** Looks a session up, and keeps it if it is active and was not changed meanwhile. */
  keep(ref: SessionRef, lookUp: () => Promise<RecordLookup>): Promise<RecordLookup>
  /** Keeps what another instance read and sealed, if it is certain that the session did not change since. */
  adopt(ref: SessionRef, snapshot: Snapshot): Promise<KeptSession | null>
  /** What to seal for other instances, if there is anything newer than what the visitor has. */
  snapshotOf(ref: SessionRef, held: Snapshot | undefined): Snapshot | null
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

export interface KeptSession {
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
/** Look-ups at a time of which it is known whether they may be kept. */
const MOST_UNDER_WAY = 1_000
/** Time between attempts to read a feed that does not answer, and to look up what may be served stale. */
const PAUSE_AFTER_FAILURE = 1_000

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
  const users = new QuickLRU<string, Map<string, Kept>>({ maxSize: memory })
  const coverage = createFeedCoverage({ precedes: feed.precedes, most: memory })
  const underWay = new Set<Lookup>()
  let cursor: string | null = null
  let sinceRead = never
  let sinceFailure = never
  let sinceUnanswered = never
  let reading: Reading | null = null

  feed.watch((userId) => {
    coverage.changedHere(userId)
    forget(userId)
  })

  function forget(userId: string): void {
    for (const lookup of underWay) if (lookup.userId === userId) lookup.valid = false
    users.delete(userId)
  }

  function forgetAll(): void {
    keepNoneUnderWay()
    users.clear()
  }

  function keepNoneUnderWay(): void {
    for (const lookup of underWay) lookup.valid = false
    underWay.clear()
  }

  function store(record: SessionRecord, readAt: number): KeptSession {
    const { id, userId } = record
    const sessions = users.get(userId) ?? new Map()
    sessions.delete(id)
    const [oldest] = sessions.keys()
    if (oldest !== undefined && sessions.size >= MOST_PER_USER) sessions.delete(oldest)
    // As text: nothing that an app does to its session reaches the next request.
    const [age, before] = [startStopwatch(now), Math.max(0, now() - readAt)]
    sessions.set(id, { text: JSON.stringify(record), readAt, age: () => before + age() })
    users.set(userId, sessions)
    return { record, old: false }
  }

  async function read(start: string | null): Promise<boolean> {
    const since = startStopwatch(now)
    try {
      const from = cursor ?? start
      const { cursor: next, userIds } = await feed.read(from)
      // Since the reading began, not since it ended: it may have waited on the way back.
      sinceRead = since
      if (cursor === null || userIds === null) {
        // What is kept already may have changed before the beginning, of which nothing is told.
        forgetAll()
        coverage.beginAt(userIds === null ? next : (from ?? next))
      }
      userIds?.forEach(forget)
      coverage.readTo(next, userIds ?? [])
      cursor = next
      return sinceRead() < revocationLag
    } catch (error) {
      if (!(error instanceof SessionUnknownError)) throw error
      sinceFailure = startStopwatch(now)
      emit({ type: 'unknown', operation: 'changes', reason: error.reason, latency: since(), kvCommands: 1 })
      return false
    }
  }

  async function catchUp(start: string | null): Promise<boolean> {
    if (sinceRead() < revocationLag) return true
    // A reading begun for a request that an edge platform has ended may never end itself.
    if (reading !== null && reading.since() > 2 * kvTimeout) reading = null
    if (reading === null) {
      if (sinceFailure() < PAUSE_AFTER_FAILURE) return false
      const begun: Reading = { since: startStopwatch(now), done: read(start) }
      reading = begun
      const end = () => {
        if (reading === begun) reading = null
      }
      begun.done.then(end, end)
    }
    const { done } = reading
    return withTimeLimit(kvTimeout, () => done).catch((error) => {
      if (error instanceof KVError) return false
      throw error
    })
  }

  const mayBeStale = () => staleIfError > 0 && sinceRead() <= staleIfError

  return {
    find({ id, userId }) {
      const found = users.get(userId)?.get(id)
      return found === undefined ? null : { record: JSON.parse(found.text), old: found.age() >= LONGEST_KEPT }
    },

    async keep({ id, userId }, lookUp) {
      const lookup: Lookup = { userId, valid: true }
      const readAt = now()
      // Where an edge platform ended the request, a look-up never comes back.
      if (underWay.size >= MOST_UNDER_WAY) keepNoneUnderWay()
      underWay.add(lookup)
      try {
        const result = await lookUp()
        sinceUnanswered = result.outcome === 'unknown' ? startStopwatch(now) : never
        const isOwn = result.outcome === 'active' && result.record.id === id
        if (isOwn && lookup.valid) store(result.record, readAt)
        else if (result.outcome === 'none') forget(userId)
        return result
      } finally {
        underWay.delete(lookup)
      }
    },

    async adopt({ userId, id }, { text, readAt, cursor: readFrom }) {
      const age = now() - readAt
      if (age < -MOST_SKEW || age >= longestSnapshot) return null
      // An instance that has just begun can begin where the snapshot stands.
      if (!(await catchUp(readFrom)) || !coverage.isUnchangedSince(readFrom, userId)) return null
      return store({ ...JSON.parse(text), userId, id }, readAt)
    },

    snapshotOf({ userId, id }, held) {
      const found = users.get(userId)?.get(id)
      if (found === undefined || cursor === null || sinceRead() >= revocationLag) return null
      const isNewer = found.readAt - (held?.readAt ?? 0) >= longestSnapshot / 2
      if (!isNewer || found.age() >= longestSnapshot / 2) return null
      const { text, readAt } = found
      return { text, readAt, cursor }
    },

    touched({ userId, id, lastSeenAt }) {
      const found = users.get(userId)?.get(id)
      if (found !== undefined) found.text = JSON.stringify({ ...JSON.parse(found.text), lastSeenAt })
    },

    isCurrent: () => sinceRead() < revocationLag,

    catchUp: () => catchUp(null),

    mayBeStale,

    isOutage: () => mayBeStale() && sinceUnanswered() < PAUSE_AFTER_FAILURE,
  }
}

const never = () => Number.POSITIVE_INFINITY

interface Kept {
  text: string
  /** By the clock of whoever read it. */
  readonly readAt: number
  readonly age: () => number
}

/** A look-up whose answer is not here yet; not valid once a change to its user is read. */
interface Lookup {
  readonly userId: string
  valid: boolean
}

interface Reading {
  readonly since: () => number
  readonly done: Promise<boolean>
}
