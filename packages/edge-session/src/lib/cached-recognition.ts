import { expiryReason } from './lifetime.ts'
import type { ActiveRecord, RecordLookup } from './lookup.ts'
import type { Recognition } from './recognition.ts'
import type { KeptSession, SessionCache } from './session-cache.ts'
import type { OpenToken } from './token.ts'

/**
 * Recognises visitors from memory where that is as good as asking KV. What is kept was read from the primary: a
 * replica may not know yet of a change that the feed has already told.
 */
export function cachedRecognition(
  recognition: Recognition,
  { cache, now }: { cache: SessionCache; now: () => number },
): Recognition {
  function find({ id, claims: { userId, version = 0 } }: OpenToken): KeptSession | null {
    const found = cache.find({ userId, id })
    const usable =
      found !== null && found.record.version >= version && expiryReason(found.record, now()) === null
    return usable ? found : null
  }

  /** From the token itself, where this instance does not have the session. */
  async function adopt(token: OpenToken): Promise<KeptSession | null> {
    const { userId, snapshot } = token.claims
    if (snapshot === undefined || (await cache.adopt({ userId, id: token.id }, snapshot)) === null)
      return null
    return find(token)
  }

  function lookUp(token: OpenToken): Promise<RecordLookup> {
    const ref = { userId: token.claims.userId, id: token.id }
    return cache.keep(ref, () => recognition.lookup(token, { fresh: true }))
  }

  return {
    ...recognition,

    snapshotOf: ({ id, claims: { userId, snapshot } }) => cache.snapshotOf({ userId, id }, snapshot),

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

    async lookup(token, { fresh }) {
      if (fresh) return lookUp(token)
      const found = find(token) ?? (await adopt(token))
      if (found !== null && !found.old) {
        if (cache.isCurrent()) return active(found, { stale: false })
        // The feed may tell of a change to this very session.
        const stillThere = (await cache.catchUp()) ? find(token) : null
        if (stillThere !== null) return active(stillThere, { stale: false })
      }
      const kept = cache.isOutage() ? find(token) : null
      if (kept !== null) return active(kept, { stale: true })
      // Both at once, one round trip; apart from each other, so that a feed that fails takes no session with it.
      const [result] = await Promise.all([lookUp(token), cache.catchUp()])
      const known = result.outcome === 'unknown' && cache.mayBeStale() ? find(token) : null
      return known === null ? result : active(known, { stale: true })
    },
  }
}

function active({ record }: KeptSession, { stale }: { stale: boolean }): ActiveRecord {
  return { outcome: 'active', record, reissue: null, stale }
}
