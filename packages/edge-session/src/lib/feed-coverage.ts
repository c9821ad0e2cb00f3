import type { ChangeFeed } from './session-store.ts'

/** From where in the feed on every change is known, and whose sessions changed since. */
export interface FeedCoverage {
  /** What was before is not known. */
  beginAt(cursor: string): void
  /** The feed was read up to the cursor, and named these. */
  readTo(cursor: string, userIds: readonly string[]): void
  /** Changed by this very instance, wherever in the feed that will turn out to stand. */
  changedHere(userId: string): void
  /** Whether it is certain that no session of the user changed between the cursor and what was read last. */
  isUnchangedSince(cursor: string, userId: string): boolean
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
  /** Where the last change of a user stands at the latest; `null` if that is not known yet. */
  const changed = new Map<string, string | null>()

  function beginAt(cursor: string | null): void {
    begin = cursor
    changed.clear()
  }

  return {
    beginAt,

    readTo(cursor, userIds) {
      for (const userId of userIds) changed.set(userId, cursor)
      if (begin === null || changed.size > most) beginAt(cursor)
    },

    changedHere(userId) {
      if (begin !== null) changed.set(userId, null)
      // Nothing is known until the feed is read again, which an instance without page views never does.
      if (changed.size > most) beginAt(null)
    },

    isUnchangedSince(cursor, userId) {
      if (begin === null || precedes(cursor, begin)) return false
      const last = changed.get(userId)
      return last === undefined || (last !== null && !precedes(cursor, last))
    },
  }
}
