import { describe, type ExpectStatic, it } from 'vitest'
import type { SessionRecord } from '../../src/lib/record.ts'
import type { SessionStore } from '../../src/lib/session-store.ts'
import { newId, newRecord, START } from './records.ts'

/** An empty store whose server keeps time by a clock that nobody moves. */
export interface StoreInRealTime {
  readonly store: SessionStore
  /** `PTTL` of the user's key: milliseconds, -1 for ever, -2 without a key. */
  lifetimeOf(userId: string): Promise<number>
}

const SHORT = 100
const LONG = 200
/** By how much the server's reading of its clock may be older than the command. */
const SLACK = 20

/** What the cases that move the clock say, as far as it shows in moments. All at once, as it is spent waiting. */
export function describeExpiryInRealTime(createStore: () => StoreInRealTime): void {
  describe('in real time', () => {
    it.concurrent('a session that is not used is gone after its idle time, with its key', async ({
      expect,
    }) => {
      const alice = createUser(createStore())
      const began = performance.now()
      const record = await alice.signIn(LONG)
      await alice.isGone(expect)
      expect(performance.now() - began).toBeGreaterThan(LONG - SLACK)
      expect(await alice.store.read(record, { authoritative: true })).toEqual({ kind: 'missing' })
      expect(await alice.store.list('alice')).toEqual([])
    })

    it.concurrent("a user's key lives as long as the longest session", async ({ expect }) => {
      const alice = createUser(createStore())
      const began = performance.now()
      await alice.signIn(SHORT)
      await alice.signIn(LONG)
      const short = await alice.signIn(SHORT)
      await alice.store.touch({ ...short, lastSeenAt: START + 1 }, { now: START + 1 })
      await alice.isGone(expect)
      expect(performance.now() - began).toBeGreaterThan(LONG - SLACK)
    })

    it.concurrent('a rotated session is gone after its idle time, with its trail', async ({ expect }) => {
      const alice = createUser(createStore())
      const record = await alice.signIn(SHORT)
      const nextId = newId()
      await alice.store.rotate(record, { nextId, graceEnd: START + 30_000 })
      await alice.isGone(expect)
      for (const id of [record.id, nextId])
        expect(await alice.store.read({ ...record, id }, { authoritative: true })).toEqual({
          kind: 'missing',
        })
    })

    it.concurrent('touch, update and rotate revive neither an expired session nor its key', async ({
      expect,
    }) => {
      const { store, ...alice } = createUser(createStore())
      const record = await alice.signIn(SHORT)
      await alice.isGone(expect)
      const late = { ...record, version: 2, lastSeenAt: START + 1 }
      await store.touch(late, { now: START + 1 })
      expect(await store.update(late)).toEqual({ kind: 'missing' })
      for (const graceEnd of [START + 30_000, null])
        expect(await store.rotate(late, { nextId: newId(), graceEnd })).toEqual({ kind: 'missing' })
      expect(await alice.lifetime()).toBe(-2)
    })
  })
}

/** Alice, who has no sessions yet. */
function createUser({ store, lifetimeOf }: StoreInRealTime) {
  const lifetime = () => lifetimeOf('alice')
  return {
    store,
    lifetime,

    async signIn(idle: number): Promise<SessionRecord> {
      const record = newRecord({ idle })
      await store.create(record, { now: START, limit: 100, whenFull: 'evict-oldest', replaces: null })
      return record
    },

    /** Waits until her key is gone, and sees that it never had a longer life than it should. */
    async isGone(expect: ExpectStatic): Promise<void> {
      const lifetimes: number[] = []
      const look = async () => {
        lifetimes.push(await lifetime())
        return lifetimes.at(-1)
      }
      await expect.poll(look, { interval: 10, timeout: 10_000 }).toBe(-2)
      expect(lifetimes.slice(0, -1).filter((ms) => ms < 0 || ms > LONG)).toEqual([])
    },
  }
}
