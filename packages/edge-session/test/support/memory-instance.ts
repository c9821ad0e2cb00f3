import { SessionUnknownError, type StoreOperation } from '../../src/lib/errors.ts'
import type { SessionEvent } from '../../src/lib/events.ts'
import { createKVEngine, type KVEngine } from '../../src/lib/kv-engine.ts'
import { createLifecycle, type Lifecycle } from '../../src/lib/lifecycle.ts'
import { memoryStore } from '../../src/lib/memory-store.ts'
import type { EdgeSessionOptions } from '../../src/lib/options.ts'
import type { JsonObject, SessionRecord } from '../../src/lib/record.ts'
import type { SessionStore } from '../../src/lib/session-store.ts'
import type { OpenToken } from '../../src/lib/token.ts'
import { SECRET } from './secrets.ts'

/** An instance on a store in memory: its clock, its events, every call of the store, and whether that call fails. */
export interface MemoryInstance {
  readonly clock: { now: number }
  readonly store: SessionStore
  readonly engine: KVEngine<JsonObject, SessionStore>
  readonly lifecycle: Lifecycle
  readonly events: SessionEvent[]
  /** Operations in their order; a read says whom it asks. */
  readonly calls: string[]
  /** The next call of this name rejects, or answers otherwise. */
  readonly next: Map<string, (answer: unknown) => unknown>
  /** Another node on the same store and clock. */
  with(options: EdgeSessionOptions): MemoryInstance
  signIn(
    fields?: Partial<SessionRecord> & { remember?: boolean },
  ): Promise<{ token: string; held: { token: OpenToken; record: SessionRecord } }>
}

export function memoryInstance(options: EdgeSessionOptions = {}): MemoryInstance {
  const clock = { now: 1_800_000_000_000 }
  return create(memoryStore({ now: () => clock.now }), clock, options)
}

function create(store: SessionStore, clock: { now: number }, options: EdgeSessionOptions): MemoryInstance {
  const events: SessionEvent[] = []
  const calls: string[] = []
  const next = new Map<string, (answer: unknown) => unknown>()
  const watched = new Proxy(store, {
    get(target, property: keyof SessionStore) {
      const method = target[property]
      if (typeof method !== 'function') return method
      return async (...args: [unknown, { authoritative?: boolean }?]) => {
        const reads = args[1]?.authoritative === true ? 'read primary' : 'read nearest'
        const name = property === 'read' ? reads : property
        calls.push(name)
        const change = next.get(name)
        next.delete(name)
        const answer = await (method as (...given: unknown[]) => unknown)(...args)
        return change === undefined ? answer : change(answer)
      }
    },
  })
  const engine = createKVEngine<JsonObject, SessionStore>(
    {
      secret: SECRET,
      store: watched,
      now: () => clock.now,
      onEvent: (event) => events.push(event),
      ...options,
    },
    () => store,
  )
  const lifecycle = createLifecycle(engine.parts())
  return {
    clock,
    store,
    engine,
    lifecycle,
    events,
    calls,
    next,
    with: (more) => create(store, clock, { ...options, ...more }),

    async signIn({ remember = true, ...fields } = {}) {
      const { now } = clock
      const { config } = engine
      const { token, record } = await lifecycle.create(
        {
          userId: 'alice',
          role: 'member',
          data: {},
          userAgent: null,
          ip: null,
          version: 1,
          createdAt: now,
          authenticatedAt: now,
          lastSeenAt: now,
          absoluteEnd: now + config.absolute,
          idle: config.idle,
          ...fields,
        },
        { remember, previous: null },
      )
      const opened = await engine.open([token])
      if (typeof opened === 'string') throw new Error(opened)
      events.length = 0
      calls.length = 0
      return { token, held: { token: opened, record } }
    },
  }
}

/** For `next`: the call was made, or not, and its answer is lost. */
export function unanswered(operation: StoreOperation): () => never {
  return () => {
    throw new SessionUnknownError(operation, 'timeout')
  }
}
