import { expectEqual, expectSameIds } from './expect.ts'
import { DAY, newId, type StoreContractCase, storeCase, USER } from './store-case.ts'

/** Destroy ends one session, revoke all of a user's. */
export const destroyCases: readonly StoreContractCase[] = [
  storeCase('destroy ends a session', async ({ store, signIn, listIds }) => {
    const record = await signIn()
    expectEqual(await store.destroy(record), true)
    for (const authoritative of [true, false]) {
      expectEqual(await store.read(record, { authoritative }), { kind: 'missing' })
    }
    expectEqual(await listIds(), [])
  }),

  storeCase(
    'destroy leaves the same state when repeated, and says that nothing was left to end',
    async (scene) => {
      const { store, signIn, listIds } = scene
      const record = await signIn()
      const other = await signIn()
      expectEqual([await store.destroy(record), await store.destroy(record)], [true, false])
      expectEqual(await listIds(), [other.id])
    },
  ),

  storeCase('destroy of an unknown session ends and creates nothing', async ({ store, signIn, listIds }) => {
    const record = await signIn()
    expectEqual(await store.destroy({ userId: USER, id: newId() }), false)
    expectEqual(await store.destroy({ userId: 'nobody', id: record.id }), false)
    expectEqual(await listIds(), [record.id])
    expectEqual(await listIds('nobody'), [])
  }),

  storeCase("destroy leaves the user's other sessions alone", async ({ store, signIn, find }) => {
    const record = await signIn()
    const others = [await signIn(), await signIn()]
    await store.destroy(record)
    for (const other of others) expectEqual(await find(other), other)
  }),

  storeCase("destroy leaves another user's session of the same id alone", async ({ store, signIn, find }) => {
    const record = await signIn()
    const other = await signIn({ userId: 'bob', id: record.id })
    await store.destroy(record)
    expectEqual(await find(other), other)
  }),

  storeCase('destroy of a rotated id ends the session it was rotated to', async (scene) => {
    const { store, start, signIn, find, listIds } = scene
    const record = await signIn()
    const nextId = newId()
    await store.rotate(record, { nextId, graceEnd: start + 30_000 })
    expectEqual([await store.destroy(record), await store.destroy(record)], [true, false])
    expectEqual(await find(record), null)
    expectEqual(await find({ userId: USER, id: nextId }), null)
    expectEqual(await listIds(), [])
  }),

  storeCase('destroy follows as many trails as are kept', async ({ store, start, signIn, listIds }) => {
    for (let rotations = 1; rotations <= 8; rotations += 1) {
      const record = await signIn()
      let { id } = record
      for (let i = 0; i < rotations; i += 1) {
        const nextId = newId()
        await store.rotate({ ...record, id }, { nextId, graceEnd: start + 30_000 })
        id = nextId
      }
      expectEqual(await store.destroy(record), true, `destroyed after ${rotations} rotations`)
      expectEqual(await listIds(), [], `left after ${rotations} rotations`)
    }
  }),

  storeCase('of parallel destroys exactly one ends the session', async ({ store, signIn, listIds }) => {
    const record = await signIn()
    const results = await Promise.all(Array.from({ length: 10 }, () => store.destroy(record)))
    expectEqual(results.filter(Boolean).length, 1, 'ended')
    expectEqual(await listIds(), [])
  }),

  storeCase(
    'a user signs in again after the last session was destroyed',
    async ({ store, signIn, listIds }) => {
      await store.destroy(await signIn())
      const record = await signIn()
      expectEqual(await listIds(), [record.id])
    },
  ),

  storeCase(
    'revoke ends all sessions of a user and counts them',
    async ({ store, start, signIn, read, listIds }) => {
      const records = [await signIn(), await signIn(), await signIn()]
      expectEqual(await store.revoke(USER, { except: null, now: start }), 3)
      for (const record of records) expectEqual(await read(record), { kind: 'missing' })
      expectEqual(await listIds(), [])
    },
  ),

  storeCase(
    'revoke leaves the same state when repeated, and counts nothing',
    async ({ store, start, signIn }) => {
      await signIn()
      const revoke = () => store.revoke(USER, { except: null, now: start })
      expectEqual([await revoke(), await revoke()], [1, 0])
    },
  ),

  storeCase('revoke of an unknown user ends nothing', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    for (const userId of ['nobody', '*', `${USER}*`, '']) {
      expectEqual(await store.revoke(userId, { except: null, now: start }), 0)
    }
    expectEqual(await find(record), record)
  }),

  storeCase('revoke ends no session of another user', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const other = await signIn({ userId: 'bob', id: record.id })
    await store.revoke(USER, { except: null, now: start })
    expectEqual(await find(other), other)
  }),

  storeCase('revoke spares exactly the exception', async ({ store, start, signIn, find, listIds }) => {
    await signIn()
    const record = await signIn()
    await signIn()
    const revoke = () => store.revoke(USER, { except: record.id, now: start })
    expectEqual([await revoke(), await revoke()], [2, 0])
    expectEqual(await listIds(), [record.id])
    expectEqual(await find(record), record)
  }),

  storeCase('revoke spares what the exception was rotated to, and its trail', async (scene) => {
    const { store, start, signIn, find, listIds } = scene
    const record = await signIn()
    await signIn()
    const nextId = newId()
    await store.rotate(record, { nextId, graceEnd: start + 30_000 })
    expectEqual(await store.revoke(USER, { except: record.id, now: start }), 1)
    expectEqual(await listIds(), [nextId])
    expectEqual((await find(record))?.id, nextId)
  }),

  storeCase('revoke with an exception that is no session ends none, and says so', async (scene) => {
    const { store, start, signIn, find, listIds } = scene
    const record = await signIn()
    const ended = await signIn()
    await store.destroy(ended)
    const other = await signIn({ userId: 'bob' })
    for (const except of [newId(), ended.id, other.id, '*'])
      expectEqual(await store.revoke(USER, { except, now: start }), null)
    expectEqual(await listIds(), [record.id])
    expectEqual(await find(record), record)
    expectEqual(await store.revoke('nobody', { except: record.id, now: start }), null)
  }),

  storeCase('revoke with an exception that is over ends none, and says so', async (scene) => {
    const { store, start, signIn, find } = scene
    const record = await signIn()
    const over = await signIn({ idle: DAY })
    const [nextId, now] = [newId(), start + DAY]
    await store.rotate(over, { nextId, graceEnd: start + 30_000 })
    expectEqual(await store.revoke(USER, { except: over.id, now }), null)
    expectEqual(await store.revoke(USER, { except: nextId, now }), null)
    expectEqual(await find(record), record)
  }),

  storeCase('revoke ends rotated sessions under all their ids', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const spared = await signIn()
    const nextId = newId()
    await store.rotate(record, { nextId, graceEnd: start + 30_000 })
    expectEqual(await store.revoke(USER, { except: spared.id, now: start }), 1)
    expectEqual(await find(record), null)
    expectEqual(await find({ userId: USER, id: nextId }), null)
    expectEqual(await find(spared), spared)
  }),

  storeCase(
    'revoke counts only sessions that were still alive',
    async ({ store, start, signIn, listIds }) => {
      await signIn({ idle: DAY })
      await signIn({ absoluteEnd: start + DAY })
      await signIn()
      expectEqual(await store.revoke(USER, { except: null, now: start + DAY }), 1)
      expectEqual(await listIds(), [])
    },
  ),

  storeCase('a user signs in again after a revocation', async ({ store, start, signIn, listIds }) => {
    await signIn()
    await store.revoke(USER, { except: null, now: start })
    const record = await signIn()
    expectEqual(await listIds(), [record.id])
  }),

  storeCase('revoke and every other mutation at once leave nothing that was there before', async (scene) => {
    const { store, start, signIn, newRecord, find, listIds } = scene
    const records = await Promise.all(Array.from({ length: 10 }, () => signIn()))
    const later = newRecord()
    await Promise.all([
      ...records.flatMap((record) => [
        store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 }),
        store.rotate(record, { nextId: newId(), graceEnd: start + 30_000 }),
      ]),
      store.revoke(USER, { except: null, now: start }),
      ...records.map((record) => store.update({ ...record, version: 2 })),
    ])
    await store.create(later, { now: start, limit: 100, whenFull: 'evict-oldest', replaces: null })
    for (const record of records) expectEqual(await find(record), null)
    expectSameIds(await listIds(), [later.id])
  }),
]
