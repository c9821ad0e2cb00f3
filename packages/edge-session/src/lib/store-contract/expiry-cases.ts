import { expectEqual, expectThat } from './expect.ts'
import { clockCase, DAY, newId, type StoreContractCase, USER } from './store-case.ts'

/** What disappears by itself, and what must not. */
export const expiryCases: readonly StoreContractCase[] = [
  clockCase('a session that is not used is gone after its idle time', async (scene) => {
    const { signIn, advance, read, listIds } = scene
    const record = await signIn()
    await advance(7 * DAY + 1)
    expectEqual(await read(record), { kind: 'missing' })
    expectEqual(await listIds(), [])
  }),

  clockCase('a session is there until just before its idle time', async ({ signIn, advance, find }) => {
    const record = await signIn()
    await advance(7 * DAY - 60_000)
    expectEqual(await find(record), record)
  }),

  clockCase('a session that is used lives on until its absolute end', async (scene) => {
    const { store, start, signIn, advance, read, find } = scene
    const record = await signIn()
    for (let day = 6; day < 30; day += 6) {
      await advance(6 * DAY)
      await store.touch({ ...record, lastSeenAt: start + day * DAY }, { now: start + day * DAY })
      expectThat((await find(record)) !== null, `the session is there on day ${day}`)
    }
    await advance(6 * DAY + 1)
    expectEqual(await read(record), { kind: 'missing' })
  }),

  clockCase(
    'a touch with an older time does not shorten a life',
    async ({ store, start, signIn, advance, find }) => {
      const record = await signIn()
      await advance(DAY)
      await store.touch({ ...record, lastSeenAt: start - 5 * DAY }, { now: start + DAY })
      await advance(5 * DAY)
      expectEqual(await find(record), record)
    },
  ),

  clockCase('an update does not prolong a life', async ({ store, signIn, advance, read }) => {
    const record = await signIn()
    await advance(6 * DAY)
    await store.update({ ...record, version: 2 })
    await advance(DAY + 1)
    expectEqual(await read(record), { kind: 'missing' })
  }),

  clockCase(
    'a short session does not take a long one with it',
    async ({ store, start, signIn, advance, find }) => {
      const long = await signIn()
      const short = await signIn({ idle: 60_000 })
      await store.touch({ ...short, lastSeenAt: start + 1 }, { now: start + 1 })
      await store.rotate({ ...short, lastSeenAt: start + 2 }, { nextId: newId(), graceEnd: start + 30_000 })
      await advance(6 * DAY)
      expectEqual(await find(long), long)
    },
  ),

  clockCase('ending a long session leaves a short one its time', async ({ store, signIn, advance, find }) => {
    const long = await signIn()
    const short = await signIn({ idle: DAY })
    await store.destroy(long)
    await advance(DAY - 60_000)
    expectEqual(await find(short), short)
  }),

  clockCase('a rotated session is gone after its idle time, with its trail', async (scene) => {
    const { store, start, signIn, advance, read, find } = scene
    const record = await signIn()
    await advance(DAY)
    const nextId = newId()
    await store.rotate({ ...record, lastSeenAt: start + DAY }, { nextId, graceEnd: start + DAY + 30_000 })
    await advance(7 * DAY - 60_000)
    expectEqual((await find(record))?.id, nextId)
    await advance(60_001)
    expectEqual(await read(record), { kind: 'missing' })
    expectEqual(await read({ userId: USER, id: nextId }), { kind: 'missing' })
  }),

  clockCase('a rotation without grace gives the times of its record', async (scene) => {
    const { store, start, signIn, advance, find } = scene
    const record = await signIn({ absoluteEnd: start + 2 * DAY })
    await advance(DAY)
    const at = start + DAY
    const nextId = newId()
    const next = { ...record, version: 2, lastSeenAt: at, absoluteEnd: at + 5 * DAY }
    await store.rotate(next, { nextId, graceEnd: null })
    await advance(5 * DAY - 60_000)
    expectEqual(await find({ userId: USER, id: nextId }), { ...next, id: nextId })
    await advance(60_001)
    expectEqual(await find({ userId: USER, id: nextId }), null)
  }),

  clockCase('touch, update and rotate do not revive a session that expired', async (scene) => {
    const { store, start, signIn, advance, listIds } = scene
    const record = await signIn()
    await advance(8 * DAY)
    const now = start + 8 * DAY
    await store.touch({ ...record, lastSeenAt: now }, { now })
    expectEqual(await store.update({ ...record, version: 2 }), { kind: 'missing' })
    const late = { ...record, lastSeenAt: now }
    expectEqual(await store.rotate(late, { nextId: newId(), graceEnd: now }), { kind: 'missing' })
    expectEqual(await listIds(), [])
  }),

  clockCase(
    'revoke of a user whose sessions all expired ends nothing',
    async ({ store, start, signIn, advance }) => {
      await signIn()
      await advance(8 * DAY)
      expectEqual(await store.revoke(USER, { except: null, now: start + 8 * DAY }), 0)
    },
  ),
]
