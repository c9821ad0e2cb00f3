import { SessionUnknownError } from './errors.ts'
import type { Emit } from './events.ts'
import type { FeedAnswer } from './feed-coverage.ts'
import { KVError } from './kv-transport.ts'
import type { ChangeFeed } from './session-store.ts'
import { never, startStopwatch } from './stopwatch.ts'
import { withTimeLimit } from './time-limit.ts'

/** How far one instance has read the feed of changes, and when. */
export interface FeedReader {
  /** Where it was read to; `null` before the first reading. */
  cursor(): string | null
  /** Milliseconds since it was read. */
  age(): number
  /** Whether it was read within the lag, so that no change that it does not know of is older than that. */
  isCurrent(): boolean
  /**
   * Whether it is now: reads if that is due, once for all who ask at the same time. `from`: where to begin, if nothing
   * was read yet; default at the end.
   */
  catchUp(from?: string): Promise<boolean>
}

export interface FeedReaderParts {
  readonly feed: ChangeFeed
  /** Milliseconds. */
  readonly revocationLag: number
  /** Milliseconds that a request waits for a reading. */
  readonly timeLimit: number
  readonly now: () => number
  readonly emit: Emit
  /** Called when a reading begins; what it gives, with the answer. */
  readonly onReading: () => (answer: FeedAnswer) => void
}

/** Time between attempts to read a feed that does not answer. */
const PAUSE_AFTER_FAILURE = 1_000

export function createFeedReader(parts: FeedReaderParts): FeedReader {
  const { feed, revocationLag, timeLimit, now, emit, onReading } = parts
  let cursor: string | null = null
  let sinceRead = never
  let sinceFailure = never
  let reading: Reading | null = null

  const isCurrent = () => sinceRead() < revocationLag

  async function read(start: string | null): Promise<boolean> {
    const since = startStopwatch(now)
    const tell = onReading()
    const stood = cursor
    try {
      const from = stood ?? start
      const { cursor: next, userIds } = await feed.read(from)
      // It was given up, and a later one came back first: what it tells is told.
      if (cursor !== stood) return isCurrent()
      // Since the reading began, not since it ended: it may have waited on the way back.
      sinceRead = since
      const begin = userIds === null ? next : stood === null ? (from ?? next) : null
      tell({ cursor: next, userIds: userIds ?? [], begin })
      cursor = next
      return isCurrent()
    } catch (error) {
      if (!(error instanceof SessionUnknownError)) throw error
      sinceFailure = startStopwatch(now)
      emit({ type: 'unknown', operation: 'changes', reason: error.reason, latency: since(), kvCommands: 1 })
      return false
    }
  }

  function begin(start: string | null): Reading {
    const begun: Reading = { since: startStopwatch(now), done: read(start) }
    const end = () => {
      if (reading === begun) reading = null
    }
    begun.done.then(end, end)
    return begun
  }

  return {
    cursor: () => cursor,
    age: () => sinceRead(),
    isCurrent,

    async catchUp(from) {
      if (isCurrent()) return true
      // A reading begun for a request that an edge platform has ended may never end itself.
      if (reading !== null && reading.since() > 2 * timeLimit) reading = null
      if (reading === null && sinceFailure() < PAUSE_AFTER_FAILURE) return false
      reading ??= begin(from ?? null)
      const { done } = reading
      return withTimeLimit(timeLimit, () => done).catch((error) => {
        if (error instanceof KVError) return false
        throw error
      })
    },
  }
}

interface Reading {
  readonly since: () => number
  readonly done: Promise<boolean>
}
