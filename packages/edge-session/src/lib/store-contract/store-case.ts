import { randomText } from '../encoding.ts'
import type { SessionRecord, SessionRef } from '../record.ts'
import type { CreateOptions, SessionStore, StoredSession } from '../session-store.ts'
import { expectEqual } from './expect.ts'

/** Makes the stores that a contract runs on. */
export interface StoreHarness {
  /** An empty store that shares nothing with the ones made before. Called once per case. */
  createStore(): Promise<StoreUnderTest>
}

/** One store, and its clock as far as the harness has it in hand. */
export interface StoreUnderTest {
  readonly store: SessionStore
  /** The store's present time, milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
  /** Moves the store's clock forward by `ms`. Without it, cases with `needsClock` reject. */
  readonly advance?: (ms: number) => Promise<void> | void
}

/** One fact about stores, and how to check it. */
export interface StoreContractCase {
  /** A present-tense fact, unique in the contract: use it as the test's name. */
  readonly name: string
  /** Sessions disappear by the store's own clock, so this case has to move it: see {@link StoreUnderTest.advance}. */
  readonly needsClock: boolean
  /** Rejects with an `Error` that says what was expected if the store does not keep to the fact. */
  run(harness: StoreHarness): Promise<void>
}

/** What a case works with. Every case starts with an empty store. */
export interface Scene {
  readonly store: SessionStore
  /** When the case began; records are born then. */
  readonly start: number
  advance(ms: number): Promise<void>
  /** A record nobody stored yet, of `alice` unless said otherwise. */
  newRecord(fields?: Partial<SessionRecord>): SessionRecord
  /** Stores a new record, which must succeed. */
  signIn(fields?: Partial<SessionRecord>, options?: Partial<CreateOptions>): Promise<SessionRecord>
  /** What the primary says about one id, trails not followed. */
  read(ref: SessionRef): Promise<StoredSession>
  /** The session that an id names or was rotated to, or `null`. */
  find(ref: SessionRef): Promise<SessionRecord | null>
  listIds(userId?: string): Promise<readonly string[]>
}

export const DAY = 86_400_000
export const USER = 'alice'

/** A case that runs on any store. */
export function storeCase(name: string, check: (scene: Scene) => Promise<void>): StoreContractCase {
  return { name, needsClock: false, run: async (harness) => check(createScene(await harness.createStore())) }
}

/** A case that moves the store's clock. */
export function clockCase(name: string, check: (scene: Scene) => Promise<void>): StoreContractCase {
  return { ...storeCase(name, check), needsClock: true }
}

/** As an id is made: 43 characters that were not there before. */
export function newId(): string {
  return randomText(32)
}

function createScene({ store, now = () => Date.now(), advance }: StoreUnderTest): Scene {
  const start = now()

  function newRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
    return {
      userId: USER,
      id: newId(),
      version: 1,
      role: 'member',
      data: { plan: 'free' },
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
      ip: '203.0.113.7',
      createdAt: start,
      authenticatedAt: start,
      lastSeenAt: start,
      absoluteEnd: start + 30 * DAY,
      idle: 7 * DAY,
      ...fields,
    }
  }

  async function find({ userId, id }: SessionRef): Promise<SessionRecord | null> {
    let current = id
    for (let hop = 0; hop < 20; hop += 1) {
      const stored = await store.read({ userId, id: current }, { authoritative: true })
      if (stored.kind === 'record') return stored.record
      if (stored.kind !== 'rotated') return null
      current = stored.nextId
    }
    throw new Error('trails lead in a circle.')
  }

  return {
    store,
    start,
    newRecord,
    find,
    async advance(ms) {
      if (advance === undefined) throw new Error('the harness can not move the clock.')
      await advance(ms)
    },
    async signIn(fields, options = {}) {
      const record = newRecord(fields)
      const given = { now: start, limit: 100, whenFull: 'evict-oldest', replaces: null, ...options } as const
      const result = await store.create(record, given)
      expectEqual(result.created, true, 'created')
      return record
    },
    read: (ref) => store.read(ref, { authoritative: true }),
    async listIds(userId = USER) {
      return (await store.list(userId)).map(({ id }) => id)
    },
  }
}
