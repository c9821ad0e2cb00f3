import { sha256 } from './encoding.ts'
import { SessionUnknownError } from './errors.ts'
import type { Emit } from './events.ts'
import { expiryReason, touchIntervalOf } from './lifetime.ts'
import type { RecordLookup } from './lookup.ts'
import { sharedMemo } from './memo.ts'
import { onceMore } from './once-more.ts'
import type { Config } from './options.ts'
import type { SessionRecord, SessionRef } from './record.ts'
import type { Seal } from './seal.ts'
import type { RecognitionStore, StoredSession } from './session-store.ts'
import { familyOf, type OpenToken, type TokenClaims, type Tokens } from './token.ts'

/** A new token and what its cookie needs. */
export interface Issued {
  readonly token: string
  readonly record: SessionRecord
  readonly remember: boolean
}

/** What happens to a session because its visitor comes by. */
export interface Recognition {
  /**
   * One KV command when the session is active, two when it is not. Never rejects because of KV: that is `unknown`.
   * With `fresh` the primary is asked at once, and a lagging replica can not answer. `copies`: presented snapshots.
   */
  lookup(token: OpenToken, options: { fresh: boolean; copies?: readonly string[] }): Promise<RecordLookup>
  /** Records activity if it is due; `null` if not. Never rejects because of KV: then it is `false`, and the next request tries again. */
  touch(record: SessionRecord): Promise<boolean> | null
  /** Routine rotation with grace. `null` if the session is gone or another secret's holder rotates it. */
  rotate(token: OpenToken, record: SessionRecord): Promise<Issued | null>
  destroy(token: OpenToken): Promise<boolean>
  /** A sealed copy for the visitor to carry to other instances, and for how long; `null` if there is nothing recent. */
  snapshotOf(token: OpenToken): Promise<{ readonly value: string; readonly lifetime: number } | null>
}

/** As many rotations as a store keeps trails for. */
export const MOST_HOPS = 8

export interface RecognitionParts<Store extends RecognitionStore> {
  readonly config: Config<unknown>
  readonly store: Store
  readonly seal: Seal
  readonly tokens: Tokens
  readonly emit: Emit
}

export function createRecognition(parts: RecognitionParts<RecognitionStore>): Recognition {
  const { config, store, seal, emit } = parts
  const { now } = config
  const touched = sharedMemo<number>({ name: 'touched', maxSize: 10_000 })

  /**
   * A replica that lags or does not answer proves nothing: whatever is not an active session is asked of the primary,
   * once. One that did not answer is not asked again, so a lookup waits for two failures at most, also when KV is down.
   */
  async function find(ref: SessionRef, spent: Spent): Promise<StoredSession> {
    if (!spent.fresh) {
      try {
        spent.commands += 1
        const nearest = await store.read(ref, { authoritative: false })
        if (nearest.kind === 'rotated') return nearest
        if (nearest.kind === 'record' && expiryReason(nearest.record, now()) === null) return nearest
      } catch (error) {
        if (!(error instanceof SessionUnknownError)) throw error
        spent.fresh = true
      }
    }
    spent.commands += 1
    return store.read(ref, { authoritative: true })
  }

  /**
   * Before each step on a trail, and what ends a stolen session: by default a lookup stays within two seconds, however slow
   * the answers are. What was not done then, the next request does.
   */
  function hurry(spent: Spent): void {
    const took = now() - spent.started
    if (took > config.kvTimeout * 1.5) throw new SessionUnknownError('read', 'timeout')
    spent.fresh ||= took > config.kvTimeout / 2
  }

  async function resolve(token: OpenToken, spent: Spent): Promise<RecordLookup> {
    const { userId, issuedAt } = token.claims
    const family = familyOf(token)
    let { id } = token
    let { sid } = token.claims
    for (let hop = 0; hop <= MOST_HOPS; hop += 1) {
      if (hop > 0) hurry(spent)
      const stored = await find({ userId, id }, spent)
      if (stored.kind === 'record') {
        const reason = expiryReason(stored.record, now())
        if (reason !== null) return { outcome: 'none', reason }
        const reissue =
          hop === 0 || sid === ''
            ? null
            : (await issue(sid, { ...heirOf(token), record: stored.record })).token
        return { outcome: 'active', record: stored.record, reissue, stale: false }
      }
      if (stored.kind === 'newer') throw new SessionUnknownError('read')
      if (stored.kind === 'corrupt') return { outcome: 'none', reason: 'corrupt' }
      if (stored.kind === 'missing') {
        // Replaced so often since that its own trail is gone, while the session lives on? One that is younger than the
        // grace may belong to a request under way.
        const mayBeReuse = family !== token.id && now() >= issuedAt + config.rotationGrace
        return endReused(mayBeReuse ? [{ userId, id: family }] : [], spent)
      }
      if (now() >= stored.graceEnd) {
        // Rotated on meanwhile, or as a replica that lags does not know yet, it may not be found from there.
        return endReused(
          [stored.nextId, family].map((next) => ({ userId, id: next })),
          spent,
        )
      }
      sid = sid === '' ? '' : await successorOf(sid, stored.nextId)
      id = stored.nextId
    }
    return { outcome: 'none', reason: 'revoked' }
  }

  /** Ends the session of a token that came back too late, under the first of these ids that leads to it. */
  async function endReused(refs: readonly SessionRef[], spent: Spent): Promise<RecordLookup> {
    for (const ref of refs) {
      hurry(spent)
      if (!(await store.destroy(ref))) continue
      emit({ type: 'rotation-reuse', ...ref })
      return { outcome: 'none', reason: 'rotated-reuse' }
    }
    return { outcome: 'none', reason: 'revoked' }
  }

  /** Which of the sids our secrets derive is the stored one; empty if the rotation was made with a secret we lack. */
  async function successorOf(sid: string, nextId: string): Promise<string> {
    for (const candidate of await seal.successors(sid)) {
      if ((await sha256(candidate)) === nextId) return candidate
    }
    return ''
  }

  const issue = issuerOf(parts)

  return {
    snapshotOf: async () => null,

    async lookup(token, { fresh }) {
      const spent = { started: now(), commands: 0, fresh }
      try {
        const result = await resolve(token, spent)
        if (result.outcome === 'none')
          emit({ type: 'none', reason: result.reason, kvCommands: spent.commands })
        return result
      } catch (error) {
        if (!(error instanceof SessionUnknownError)) throw error
        emit({
          type: 'unknown',
          operation: error.operation,
          reason: error.reason,
          latency: now() - spent.started,
          kvCommands: spent.commands,
        })
        return { outcome: 'unknown', error }
      }
    },

    touch(record) {
      const at = now()
      const interval = touchIntervalOf(record, config.touchInterval)
      // Also where a clock stepped back, or a replica still shows the old time: once per interval and process is enough.
      const last = Math.max(record.lastSeenAt, touched.get(record.id) ?? 0)
      if (at - last < interval) return null
      touched.set(record.id, at)
      return store.touch({ ...record, lastSeenAt: at }, { now: at }).then(
        () => {
          emit({ type: 'touch', userId: record.userId, id: record.id })
          return true
        },
        (error: unknown) => {
          touched.delete(record.id)
          if (!(error instanceof SessionUnknownError)) throw error
          emit({
            type: 'unknown',
            operation: 'touch',
            reason: error.reason,
            latency: now() - at,
            kvCommands: 1,
          })
          return false
        },
      )
    },

    async rotate(token, record) {
      const { claims, id: previousId } = token
      const at = now()
      const [sid = ''] = await seal.successors(claims.sid)
      const nextId = await sha256(sid)
      const rotated = { ...record, id: previousId, lastSeenAt: Math.max(at, record.lastSeenAt) }
      const graceEnd = at + config.rotationGrace
      // Made, but not known to be, it would leave the visitor with a token that tells of theft after the grace.
      const result = await onceMore(() => store.rotate(rotated, { nextId, graceEnd }))
      if (result.kind !== 'rotated') return null
      const successor = result.nextId === nextId ? sid : await successorOf(claims.sid, result.nextId)
      if (successor === '') return null
      const next = { ...rotated, id: result.nextId }
      emit({ type: 'rotation', cause: 'routine', previousId, userId: next.userId, id: next.id })
      return issue(successor, { ...heirOf(token), record: next })
    },

    async destroy(token) {
      const existed = await destroyWith(store, token)
      if (existed) emit({ type: 'sign-out', userId: token.claims.userId, id: token.id })
      return existed
    },
  }
}

/** Ends the session that a token is of, also where it was replaced so often that its own trail is gone. */
export async function destroyWith(store: RecognitionStore, token: OpenToken): Promise<boolean> {
  const { userId } = token.claims
  const family = familyOf(token)
  if (await store.destroy({ userId, id: token.id })) return true
  return family !== token.id && store.destroy({ userId, id: family })
}

/** Makes the token of a record, and what its cookie needs to know. */
export function issuerOf({
  tokens,
  config,
}: Pick<RecognitionParts<RecognitionStore>, 'tokens' | 'config'>): Issuer {
  return async (sid, { record, ...inherited }) => {
    const { userId, absoluteEnd } = record
    const claims = { ...inherited, sid, userId, issuedAt: config.now(), absoluteEnd }
    return { token: await tokens.issue(claims), record, remember: inherited.remember }
  }
}

export type Issuer = (sid: string, options: Inherited & { record: SessionRecord }) => Promise<Issued>

type Inherited = Pick<TokenClaims, 'remember' | 'family'>

/** What the next token of a session has from this one. */
function heirOf(token: OpenToken): Inherited {
  return { remember: token.claims.remember, family: familyOf(token) }
}

interface Spent {
  readonly started: number
  commands: number
  /** Only the primary is asked. */
  fresh: boolean
}
