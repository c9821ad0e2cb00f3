import { cachedRecognition } from './cached-recognition.ts'
import { issuedCookie } from './cookie.ts'
import { type Active, createEmit, type Engine, toSession } from './engine.ts'
import { ConfigurationError, SessionUnknownError } from './errors.ts'
import { createGuard } from './guard.ts'
import { createIdentities, type Identities } from './identity.ts'
import type { KVStoreOptions } from './kv-connection.ts'
import { isRotationDue } from './lifetime.ts'
import { type EdgeSessionOptions, kvFromEnvironment, resolveOptions } from './options.ts'
import { createRecognition, type Recognition, type RecognitionParts } from './recognition.ts'
import type { SessionRecord } from './record.ts'
import { createSeal } from './seal.ts'
import { createSessionCache } from './session-cache.ts'
import type { RecognitionStore } from './session-store.ts'
import { createSnapshots } from './snapshots.ts'
import { createTokens } from './token.ts'
import { restTransport } from './transports/rest.ts'

/** An engine whose sessions live in a store. */
export interface KVEngine<Data, Store extends RecognitionStore> extends Engine<Data> {
  /** Made at first use, when the environment is complete; throws ConfigurationError if it is not. */
  readonly parts: () => Parts<Store>
}

export interface Parts<Store extends RecognitionStore> extends RecognitionParts<Store> {
  readonly identities: Identities
  readonly recognition: Recognition
}

function withCache(recognition: Recognition, parts: RecognitionParts<RecognitionStore>): Recognition {
  const { config, store, seal, emit } = parts
  const { cache: options, kvTimeout, now } = config
  const { changes } = store
  if (options === null || changes === undefined) return recognition
  const cache = createSessionCache({ options, kvTimeout, now, changes, emit })
  return cachedRecognition(recognition, { cache, snapshots: createSnapshots({ seal }), now })
}

/** `makeStore` makes the KV store, unless the app brings a store of its own. */
export function createKVEngine<Data, Store extends RecognitionStore>(
  options: EdgeSessionOptions<Data, Store>,
  makeStore: (options: KVStoreOptions) => Store,
): KVEngine<Data, Store> {
  const config = resolveOptions(options)
  if (config.cache !== null && options.store !== undefined && options.store.changes === undefined)
    throw new ConfigurationError(
      '"cache" needs a store with a change feed ("changes"). Leave one of them out.',
    )
  const emit = createEmit(config)
  let made: Parts<Store> | undefined

  function parts(): Parts<Store> {
    if (made === undefined) {
      const { now, prefix, kvTimeout: timeout } = config
      const seal = createSeal(config.secrets())
      const tokens = createTokens({ seal, now })
      const changes = config.cache !== null
      const store =
        options.store ??
        makeStore({
          prefix,
          timeout,
          changes,
          now,
          transport: options.kv ?? restTransport(kvFromEnvironment()),
        })
      const common = { config, store, seal, tokens, emit }
      made = {
        ...common,
        identities: createIdentities({ seal, now, name: config.cookie.name }),
        recognition: withCache(createRecognition(common), common),
      }
    }
    return made
  }

  async function underToken(
    active: Active<Data>,
    next: { token: string; record: SessionRecord },
  ): Promise<Active<Data> | null> {
    const token = await parts().tokens.open([next.token])
    if (typeof token === 'string') return null
    const { record } = next
    return { ...active, token, record, session: { ...active.session, id: record.id }, reissue: null }
  }

  async function openIdentity(header: string, presented: readonly string[]) {
    const { tokens, identities } = parts()
    const token = await tokens.open(presented)
    if (typeof token === 'string') return null
    const identity = await identities.open(header, token)
    return identity && { token, identity }
  }

  return {
    config,
    guard: createGuard(options.protect),
    sessionsAreInCookies: false,
    parts,
    assertConfigured: () => void parts(),
    open: async (presented) => parts().tokens.open(presented),
    toSession: (record) => toSession(config, record),

    async recognise(presented, options = { fresh: false }) {
      if (presented.length === 0) return { outcome: 'none', reason: 'no-cookie' }
      const { tokens, recognition } = parts()
      const token = await tokens.open(presented)
      if (typeof token === 'string') {
        emit({ type: 'none', reason: token, kvCommands: 0 })
        return { outcome: 'none', reason: token }
      }
      const found = await recognition.lookup(token, options)
      if (found.outcome === 'unknown') return { ...found, token, isPublic: false }
      if (found.outcome === 'none') return found
      const session = await toSession(config, found.record)
      if (session !== null) return { ...found, token, session }
      emit({ type: 'none', reason: 'corrupt', kvCommands: 1 })
      return { outcome: 'none', reason: 'corrupt' }
    },

    async renew(active) {
      const { tokens, recognition } = parts()
      const { token, record, reissue } = active
      if (reissue !== null) return underToken(active, { token: reissue, record })
      const { rotateEvery } = config
      if (isRotationDue(token.claims, { rotateEvery, now: config.now() })) {
        try {
          const issued = await recognition.rotate(token, record)
          return issued === null ? null : underToken(active, issued)
        } catch (error) {
          // The session is known to be active; it can be rotated another time.
          if (error instanceof SessionUnknownError) return null
          throw error
        }
      }
      // Sealed with an older secret: seal again, so that the old secret can be retired.
      return token.current ? null : underToken(active, { token: await tokens.issue(token.claims), record })
    },

    async snapshotOf({ token, snapshotDue }) {
      const { snapshotCookie } = config
      if (snapshotCookie === null || snapshotDue !== true) return null
      const snapshot = await parts().recognition.snapshotOf(token)
      return snapshot && issuedCookie(snapshotCookie, { ...snapshot, remember: true })
    },

    touch: ({ record }) => parts().recognition.touch(record),

    handOver(known, { isPublic }) {
      const identity =
        known.outcome === 'active'
          ? ({ outcome: 'active', record: known.record, complete: true } as const)
          : ({ outcome: 'unknown', isPublic } as const)
      return parts().identities.seal(identity, known.token)
    },

    isHandedOver: async (header, presented) => (await openIdentity(header, presented)) !== null,

    async takeOver(header, presented) {
      const opened = await openIdentity(header, presented)
      if (opened === null) return null
      const { token, identity } = opened
      if (identity.outcome === 'unknown') {
        return {
          outcome: 'unknown',
          token,
          error: new SessionUnknownError('read'),
          isPublic: identity.isPublic,
        }
      }
      const session = identity.complete ? await toSession(config, identity.record) : null
      return (
        session && { outcome: 'active', token, record: identity.record, session, reissue: null, stale: false }
      )
    },
  }
}
