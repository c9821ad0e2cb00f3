import type { LocalKV } from 'local-kv'
import type { SessionEvent } from '../../../src/lib/events.ts'
import { createKVEngine, type KVEngine } from '../../../src/lib/kv-engine.ts'
import { kvStore } from '../../../src/lib/kv-store.ts'
import type { KVTransport } from '../../../src/lib/kv-transport.ts'
import { createLifecycle, type Lifecycle } from '../../../src/lib/lifecycle.ts'
import { memoryStore } from '../../../src/lib/memory-store.ts'
import type { EdgeSessionOptions } from '../../../src/lib/options.ts'
import type { Issued } from '../../../src/lib/recognition.ts'
import type { JsonObject, SessionRecord } from '../../../src/lib/record.ts'
import type { SessionStore } from '../../../src/lib/session-store.ts'
import type { OpenToken } from '../../../src/lib/token.ts'
import { SECRET } from '../../support/instance.ts'
import { directTransport } from './direct-transport.ts'
import type { Turn } from './interleaving.ts'

/** An instance of the package, and what a test does with it. */
export interface Node {
  readonly engine: KVEngine<JsonObject, SessionStore>
  readonly lifecycle: Lifecycle
  readonly events: SessionEvent[]
  open(token: string): Promise<OpenToken>
  held(token: string): Promise<{ token: OpenToken; record: SessionRecord }>
  /** Outcome, or why there is none; never from a replica. */
  lookup(token: string): Promise<string>
  /** The record of an active session. */
  recordOf(token: string): Promise<SessionRecord>
  signIn(userId: string, options?: { previous?: OpenToken | null; data?: JsonObject }): Promise<Issued>
}

/** Who makes the steps of a node; nobody waits while there is none. */
export interface Pace {
  turn: Turn | null
}

/** A store whose every operation is a step: one turn before it takes place, one before its answer is heard. */
export type MakeStore = (pace: Pace) => SessionStore

export const NOW = Date.now()

export function kvStores(kv: LocalKV, { changes = false }: { changes?: boolean } = {}): MakeStore {
  const direct = directTransport(kv)
  return (pace) => {
    const transport: KVTransport = (commands, options) => paced(pace, () => direct(commands, options))
    return kvStore({ transport, changes, timeout: 60_000 })
  }
}

export function memoryStores(): MakeStore {
  const memory = memoryStore()
  return (pace) => ({
    create: (record, options) => paced(pace, () => memory.create(record, options)),
    read: (ref, options) => paced(pace, () => memory.read(ref, options)),
    touch: (record, options) => paced(pace, () => memory.touch(record, options)),
    update: (record, options) => paced(pace, () => memory.update(record, options)),
    rotate: (record, options) => paced(pace, () => memory.rotate(record, options)),
    destroy: (ref) => paced(pace, () => memory.destroy(ref)),
    list: (userId) => paced(pace, () => memory.list(userId)),
    revoke: (userId, options) => paced(pace, () => memory.revoke(userId, options)),
  })
}

async function paced<Result>({ turn }: Pace, operate: () => Promise<Result>): Promise<Result> {
  await turn?.('send')
  const result = await operate()
  await turn?.('reply')
  return result
}

export function createNode(store: SessionStore, options: EdgeSessionOptions = {}): Node {
  const events: SessionEvent[] = []
  const engine = createKVEngine<JsonObject, SessionStore>(
    { secret: SECRET, store, now: () => NOW, onEvent: (event) => events.push(event), ...options },
    kvStore,
  )
  const lifecycle = createLifecycle(engine.parts())
  const { tokens } = engine.parts()

  async function open(token: string): Promise<OpenToken> {
    const opened = await tokens.open([token])
    if (typeof opened === 'string') throw new Error(`a token of ours does not open: ${opened}`)
    return opened
  }

  async function held(token: string) {
    const recognised = await engine.recognise([token], { fresh: true })
    if (recognised.outcome !== 'active') throw new Error(`not active: ${recognised.outcome}`)
    return { token: recognised.token, record: recognised.record }
  }

  return {
    engine,
    lifecycle,
    events,
    open,
    held,

    async lookup(token) {
      const recognised = await engine.recognise([token], { fresh: true })
      return recognised.outcome === 'none' ? recognised.reason : recognised.outcome
    },

    async recordOf(token) {
      return (await held(token)).record
    },

    signIn(userId, { previous = null, data = {} } = {}) {
      const now = engine.config.now()
      const fields = {
        userId,
        role: null,
        data,
        userAgent: null,
        ip: null,
        version: 1,
        createdAt: now,
        authenticatedAt: now,
        lastSeenAt: now,
        idle: engine.config.idle,
        absoluteEnd: now + engine.config.absolute,
      }
      return lifecycle.create(fields, { remember: true, previous })
    },
  }
}
