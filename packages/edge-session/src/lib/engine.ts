import type { SessionUnknownError } from './errors.ts'
import type { Emit } from './events.ts'
import { createGuard, type Guard } from './guard.ts'
import { createIdentities, type Identities } from './identity.ts'
import type { KVStoreOptions } from './kv-connection.ts'
import { expiresAt } from './lifetime.ts'
import type { NoneReason } from './lookup.ts'
import { type Config, type EdgeSessionOptions, kvFromEnvironment, resolveOptions } from './options.ts'
import { createRecognition, type Recognition, type RecognitionParts } from './recognition.ts'
import type { SessionRecord } from './record.ts'
import { createSeal } from './seal.ts'
import type { Session } from './session.ts'
import type { RecognitionStore } from './session-store.ts'
import { createTokens, type OpenToken } from './token.ts'
import { restTransport } from './transports/rest.ts'

/** One configured instance, before any framework. */
export interface Engine<Data, Store extends RecognitionStore = RecognitionStore> {
  readonly config: Config<Data>
  readonly guard: Guard<Data>
  /** Made at first use, when the environment is complete; throws ConfigurationError if it is not. */
  readonly parts: () => Parts<Store>
  /** Who the values presented under our cookie's name belong to. */
  recognise(presented: readonly string[], options?: { fresh: boolean }): Promise<Recognised<Data>>
  /** The app's view of a record; `null` if the schema refuses its data. */
  toSession(record: SessionRecord): Promise<Session<Data> | null>
}

export interface Parts<Store extends RecognitionStore> extends RecognitionParts<Store> {
  readonly identities: Identities
  readonly recognition: Recognition
}

export type Recognised<Data> =
  | {
      readonly outcome: 'active'
      readonly token: OpenToken
      readonly record: SessionRecord
      readonly session: Session<Data>
      /** The token to hand to a visitor who still carries a replaced one. */
      readonly reissue: string | null
    }
  | { readonly outcome: 'none'; readonly reason: NoneReason }
  | {
      readonly outcome: 'unknown'
      readonly token: OpenToken
      readonly error: SessionUnknownError
      /** The proxy let the request pass on a path that the app declared public. */
      readonly isPublic: boolean
    }

/** `makeStore` makes the KV store, unless the app brings a store of its own. */
export function createEngine<Data, Store extends RecognitionStore>(
  options: EdgeSessionOptions<Data, Store>,
  makeStore: (options: KVStoreOptions) => Store,
): Engine<Data, Store> {
  const config = resolveOptions(options)
  const guard = createGuard(options.protect)
  let made: Parts<Store> | undefined

  const emit: Emit = (event) => {
    try {
      config.onEvent({ ...event, at: config.now() })
    } catch {
      // An observer's failure is not the visitor's.
    }
  }

  function parts(): Parts<Store> {
    if (made === undefined) {
      const { now, prefix } = config
      const seal = createSeal(config.secrets())
      const tokens = createTokens({ seal, now })
      const store =
        options.store ?? makeStore({ prefix, transport: options.kv ?? restTransport(kvFromEnvironment()) })
      const common = { config, store, seal, tokens, emit }
      made = {
        ...common,
        identities: createIdentities({ seal, now }),
        recognition: createRecognition(common),
      }
    }
    return made
  }

  async function toSession(record: SessionRecord): Promise<Session<Data> | null> {
    const { id, userId, role, userAgent, ip } = record
    const checked = await config.schema?.['~standard'].validate(record.data)
    if (checked?.issues !== undefined) return null
    return {
      id,
      userId,
      role,
      // Without a schema the app's generic is its own promise about what it stored.
      data: checked === undefined ? (record.data as Data) : checked.value,
      createdAt: new Date(record.createdAt),
      authenticatedAt: new Date(record.authenticatedAt),
      lastSeenAt: new Date(record.lastSeenAt),
      expiresAt: new Date(expiresAt(record)),
      userAgent,
      ip,
    }
  }

  return {
    config,
    guard,
    parts,
    toSession,

    async recognise(presented, { fresh } = { fresh: false }) {
      if (presented.length === 0) return { outcome: 'none', reason: 'no-cookie' }
      const { tokens, recognition } = parts()
      const token = await tokens.open(presented)
      if (typeof token === 'string') {
        if (token !== 'no-cookie') emit({ type: 'none', reason: token, kvCommands: 0 })
        return { outcome: 'none', reason: token }
      }
      const found = await recognition.lookup(token, { fresh })
      if (found.outcome === 'unknown') return { ...found, token, isPublic: false }
      if (found.outcome === 'none') return found
      const session = await toSession(found.record)
      return session === null ? { outcome: 'none', reason: 'corrupt' } : { ...found, token, session }
    },
  }
}
