import type { ChangeFeed } from './session-store.ts'

/** From where in the feed on every change is known, and whose sessions changed since. */
export interface FeedCoverage {
  /** The feed is being read now; its answer is told to what this gives. */
  startReading(): (answer: FeedAnswer) => void
  /** Changed by this very instance, wherever in the feed that will turn out to stand. */
  changedHere(userId: string): void
  /** Whether it is certain that no session of the user changed between the cursor and what was read last. */
  isUnchangedSince(cursor: string, userId: string): boolean
}

export interface FeedAnswer {
  /** Where the feed was read to. */
  readonly cursor: string
  readonly userIds: readonly string[]
  /** Set if what was before this is not known. */
  readonly begin: string | null
}

/** `most`: users to remember; with more, what is known begins anew where the feed is read next. */
export function createFeedCoverage({
  precedes,
  most,
}: {
  precedes: ChangeFeed['precedes']
  most: number
}): FeedCoverage {
  let begin: string | null = null
  /** Where the last change of a user stands at the latest; a number of ours if the feed was not read since. */
  const changed = new Map<string, string | number>()
  let changesHere = 0

  function beginAt(cursor: string | null): void {
    begin = cursor
    for (const [userId, last] of changed) if (typeof last === 'string') changed.delete(userId)
    if (changed.size > most) changed.clear()
  }

  return {
    startReading() {
      const before = changesHere
      return ({ cursor, userIds, begin: anew }) => {
        if (anew !== null) beginAt(anew)
        // A change from before the reading is told by now.
        for (const [userId, last] of changed)
          if (typeof last === 'number' && last <= before) changed.set(userId, cursor)
        for (const userId of userIds) changed.set(userId, cursor)
        if (begin === null || changed.size > most) beginAt(cursor)
      }
    },

    changedHere(userId) {
      changesHere += 1
      changed.set(userId, changesHere)
      // Nothing is known until the feed is read again, which an instance without page views never does.
      if (changed.size > most) beginAt(null)
    },

    isUnchangedSince(cursor, userId) {
      if (begin === null || precedes(cursor, begin)) return false
      const last = changed.get(userId)
      return last === undefined || (typeof last === 'string' && !precedes(cursor, last))
    },
  }
}
