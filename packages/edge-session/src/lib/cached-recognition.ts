import { expiryReason } from './lifetime.ts'
import type { ActiveRecord, RecordLookup } from './lookup.ts'
import type { Recognition } from './recognition.ts'
import type { CachedSession, SessionCache } from './session-cache.ts'
import type { Snapshots } from './snapshots.ts'
import type { OpenToken } from './token.ts'

/**
 * Recognises visitors from memory where that is as good as asking KV. What is kept was read from the primary: a
 * replica may not know yet of a change that the feed has already told.
 */
export function cachedRecognition(
  recognition: Recognition,
  { cache, snapshots, now }: { cache: SessionCache; snapshots: Snapshots; now: () => number },
): Recognition {
  function find({ id, claims: { userId, version = 0 } }: OpenToken): CachedSession | null {
    const found = cache.find({ userId, id })
    const usable =
      found !== null && found.record.version >= version && expiryReason(found.record, now()) === null
    return usable ? found : null
  }

  /** From the visitor's own copy, where this instance does not have the session. */
  async function adopt(token: OpenToken, copies: readonly string[]): Promise<CachedSession | null> {
    const { id, claims } = token
    const snapshot = await snapshots.open(copies, id)
    if (snapshot === null || !(await cache.adopt({ userId: claims.userId, id }, snapshot))) return null
    return find(token)
  }

  async function readThrough(token: OpenToken): Promise<RecordLookup> {
    const ref = { userId: token.claims.userId, id: token.id }
    const result = await cache.readThrough(ref, () => recognition.lookup(token, { fresh: true }))
    return result.outcome === 'active' ? { ...result, snapshotDue: true } : result
  }

  return {
    ...recognition,

    async snapshotOf({ id, claims: { userId } }) {
      const recent = cache.snapshotOf({ userId, id })
      if (recent === null) return null
      const value = await snapshots.seal(recent.snapshot, id)
      return value === null ? null : { value, lifetime: recent.lifetime }
    },

    touch(record) {
      const lastSeenAt = now()
      const touching = recognition.touch(record)
      return (
        touching?.then((recorded) => {
          if (recorded) cache.touched({ ...record, lastSeenAt })
          return recorded
        }) ?? null
      )
    },

    async lookup(token, { fresh, copies = [] }) {
      if (fresh) return readThrough(token)
      const snapshotDue = copies.length === 0
      const found = find(token) ?? (await adopt(token, copies))
      if (found !== null && !found.old) {
        if (cache.isCurrent()) return active(found, { stale: false, snapshotDue })
        // The feed may tell of a change to this very session.
        const stillThere = (await cache.catchUp()) ? find(token) : null
        if (stillThere !== null) return active(stillThere, { stale: false, snapshotDue })
      }
      const kept = cache.isOutage() ? find(token) : null
      if (kept !== null) return active(kept, { stale: true })
      // Both at once, one round trip; apart from each other, so that a feed that fails takes no session with it.
      const [result] = await Promise.all([readThrough(token), cache.catchUp()])
      const known = result.outcome === 'unknown' && cache.mayBeStale() ? find(token) : null
      return known === null ? result : active(known, { stale: true })
    },
  }
}

function active({ record }: CachedSession, about: Pick<ActiveRecord, 'stale' | 'snapshotDue'>): ActiveRecord {
  return { outcome: 'active', record, reissue: null, ...about }
}
