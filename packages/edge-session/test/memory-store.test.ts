import { describe, expect, it } from 'vitest'
import { memoryStore } from '../src/lib/memory-store.ts'
import type { ChangeFeed, SessionStore } from '../src/lib/session-store.ts'
import { newId, newRecord, START } from './support/records.ts'

/** A store, and how often it looked at the clock, as it does for every session it judges. */
function watched() {
  const clock = { now: START, asked: 0 }
  const store = memoryStore({
    now() {
      clock.asked += 1
      return clock.now
    },
  })
  async function askedToSignIn(userId: string): Promise<number> {
    const before = clock.asked
    await signIn(store, userId, { idle: 60_000 })
    return clock.asked - before
  }
  return { store, clock, askedToSignIn }
}

function signIn(store: SessionStore, userId: string, fields: Parameters<typeof newRecord>[0] = {}) {
  const record = newRecord({ userId, id: newId(), ...fields })
  return store.create(record, { now: START, limit: 100, whenFull: 'evict-oldest', replaces: null })
}

function feedOf({ changes }: SessionStore): ChangeFeed {
  if (changes === undefined) throw new Error('no feed')
  return changes
}

describe('the memory of users whose sessions are over', () => {
  it('is freed once there are a thousand, and then whenever there are twice as many', async () => {
    const { clock, askedToSignIn } = watched()
    for (let n = 1; n < 1_000; n += 1) expect(await askedToSignIn(`user ${n}`)).toBeLessThan(5)
    clock.now += 60_000
    expect(await askedToSignIn('user 1,000')).toBeGreaterThan(999)
    // Nobody but the last is left: far from the next time.
    for (let n = 1_001; n < 1_999; n += 1) expect(await askedToSignIn(`user ${n}`)).toBeLessThan(5)
  })

  it('is not looked for at each sign-in while many are alive', async () => {
    const { askedToSignIn } = watched()
    for (let n = 1; n < 1_000; n += 1) await askedToSignIn(`user ${n}`)
    expect(await askedToSignIn('user 1,000')).toBeGreaterThan(999)
    for (let n = 1_001; n < 2_000; n += 1) expect(await askedToSignIn(`user ${n}`)).toBeLessThan(5)
    expect(await askedToSignIn('user 2,000')).toBeGreaterThan(1_999)
  })

  it('ends with the very millisecond', async () => {
    const { store, clock } = watched()
    await signIn(store, 'alice', { idle: 60_000 })
    clock.now += 59_999
    expect(await store.list('alice')).toHaveLength(1)
    clock.now += 1
    expect(await store.list('alice')).toEqual([])
  })
})

describe('its feed of changes', () => {
  it('knows which of two places comes first; those of another feed come before all', async () => {
    const store = memoryStore()
    const feed = feedOf(store)
    const { cursor: first } = await feed.read(null)
    await store.revoke('alice', { except: null, now: START })
    const { cursor: second } = await feed.read(first)
    expect([feed.precedes(first, second), feed.precedes(second, first)]).toEqual([true, false])
    expect(feed.precedes(second, second)).toBe(false)
    const { cursor: elsewhere } = await feedOf(memoryStore()).read(null)
    expect([feed.precedes(elsewhere, first), feed.precedes(first, elsewhere)]).toEqual([true, true])
  })

  it('reaches a thousand changes back, and says so when it does not', async () => {
    const store = memoryStore()
    const feed = feedOf(store)
    const revoke = (userId: string) => store.revoke(userId, { except: null, now: START })
    const { cursor: before } = await feed.read(null)
    await revoke('bob')
    const { cursor } = await feed.read(before)
    for (let n = 0; n < 1_000; n += 1) await revoke('alice')
    expect((await feed.read(cursor)).userIds).toEqual(['alice'])
    expect((await feed.read(before)).userIds).toBeNull()
  })

  it('believes no cursor from before a restart', async () => {
    const old = await feedOf(memoryStore()).read(null)
    const store = memoryStore()
    await feedOf(store).read(null)
    await store.revoke('alice', { except: null, now: START })
    expect((await feedOf(store).read(old.cursor)).userIds).toBeNull()
  })

  it('tells nothing of what changed nothing', async () => {
    const store = memoryStore()
    const feed = feedOf(store)
    await signIn(store, 'alice')
    const { cursor, userIds } = await feed.read(null)
    expect(userIds).toBeNull()
    expect(await store.destroy({ userId: 'alice', id: newId() })).toBe(false)
    await signIn(store, 'alice')
    expect((await feed.read(cursor)).userIds).toEqual([])
  })
})
