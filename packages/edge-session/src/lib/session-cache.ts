import QuickLRU from 'quick-lru'
import type { CacheConfig } from './cache-options.ts'
import { SessionUnknownError } from './errors.ts'
import type { Emit } from './events.ts'
import { KVError } from './kv-transport.ts'
import type { RecordLookup } from './lookup.ts'
import type { SessionRecord, SessionRef } from './record.ts'
import type { ChangeFeed } from './session-store.ts'
import { startStopwatch } from './stopwatch.ts'
import { withinTime } from './time-limit.ts'

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
  /** Its activity was recorded, which no feed tells. */
  touched(record: SessionRecord): void
  /** Whether the feed was read within the lag, so that nothing kept was changed longer ago than that. */
  isCurrent(): boolean
  /** Whether it is now: reads the feed if it is due, once for all who ask at the same time. */
  catchUp(): Promise<boolean>
  /** Whether what is kept may be served because KV does not answer. */
  mayBeStale(): boolean
}

export interface KeptSession {
  readonly record: SessionRecord
  /** Read so long ago that it ought to be read again, whatever the feed says. */
  readonly old: boolean
}

/** Should a change ever be missing from the feed (a key deleted by hand), it is seen after this time. */
const LONGEST_KEPT = 5 * 60_000
/** Sessions kept of one user. */
const MOST_PER_USER = 10
/** Time between attempts to read a feed that does not answer. */
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
  const { revocationLag, memory, staleIfError } = options
  // As in KV, one user is one key: there is no index to fall out of step.
  const users = new QuickLRU<string, Map<string, Kept>>({ maxSize: memory })
  const underWay = new Set<Lookup>()
  let cursor: string | null = null
  let sinceRead = () => Number.POSITIVE_INFINITY
  let sinceFailure = sinceRead
  let reading: Reading | null = null

  feed.watch(forget)

  function forget(userId: string): void {
    for (const lookup of underWay) if (lookup.userId === userId) lookup.valid = false
    users.delete(userId)
  }

  function forgetAll(): void {
    for (const lookup of underWay) lookup.valid = false
    users.clear()
  }

  function store(record: SessionRecord): void {
    const { id, userId } = record
    const sessions = users.get(userId) ?? new Map()
    sessions.delete(id)
    const [oldest] = sessions.keys()
    if (oldest !== undefined && sessions.size >= MOST_PER_USER) sessions.delete(oldest)
    // As text: nothing that an app does to its session reaches the next request.
    sessions.set(id, { text: JSON.stringify(record), age: startStopwatch(now) })
    users.set(userId, sessions)
  }

  async function read(): Promise<boolean> {
    const since = startStopwatch(now)
    try {
      const changes = await feed.read(cursor)
      // Since the reading began, not since it ended: it may have waited on the way back.
      sinceRead = since
      cursor = changes.cursor
      if (changes.userIds === null) forgetAll()
      else changes.userIds.forEach(forget)
      return sinceRead() < revocationLag
    } catch (error) {
      if (!(error instanceof SessionUnknownError)) throw error
      sinceFailure = startStopwatch(now)
      emit({ type: 'unknown', operation: 'changes', reason: error.reason, latency: since(), kvCommands: 1 })
      return false
    }
  }

  return {
    find({ id, userId }) {
      const found = users.get(userId)?.get(id)
      return found === undefined ? null : { record: JSON.parse(found.text), old: found.age() >= LONGEST_KEPT }
    },

    async keep({ id, userId }, lookUp) {
      const lookup: Lookup = { userId, valid: true }
      underWay.add(lookup)
      try {
        const result = await lookUp()
        const isOwn = result.outcome === 'active' && result.record.id === id
        if (isOwn && lookup.valid) store(result.record)
        else if (result.outcome === 'none') forget(userId)
        return result
      } finally {
        underWay.delete(lookup)
      }
    },

    touched({ userId, id, lastSeenAt }) {
      const found = users.get(userId)?.get(id)
      if (found !== undefined) found.text = JSON.stringify({ ...JSON.parse(found.text), lastSeenAt })
    },

    isCurrent: () => sinceRead() < revocationLag,

    async catchUp() {
      if (sinceRead() < revocationLag) return true
      // A reading begun for a request that an edge platform has ended may never end itself.
      if (reading !== null && reading.since() > 2 * kvTimeout) reading = null
      if (reading === null) {
        if (sinceFailure() < PAUSE_AFTER_FAILURE) return false
        const begun: Reading = { since: startStopwatch(now), done: read() }
        reading = begun
        const end = () => {
          if (reading === begun) reading = null
        }
        begun.done.then(end, end)
      }
      return withinTime(reading.done, AbortSignal.timeout(kvTimeout)).catch((error) => {
        if (error instanceof KVError) return false
        throw error
      })
    },

    mayBeStale: () => staleIfError > 0 && sinceRead() <= staleIfError,
  }
}

interface Kept {
  text: string
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
