import { expectEqual, expectThat } from './expect.ts'
import { newId, type StoreContractCase, storeCase, USER } from './store-case.ts'

export const touchCases: readonly StoreContractCase[] = [
  storeCase('touch moves lastSeenAt forward and nothing else', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const touched = { ...record, lastSeenAt: start + 60_000 }
    await store.touch(touched, { now: start + 60_000 })
    expectEqual(await find(record), touched)
  }),

  storeCase('touch changes nothing when repeated', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const touched = { ...record, lastSeenAt: start + 60_000 }
    for (let i = 0; i < 3; i += 1) await store.touch(touched, { now: start + 60_000 + i })
    expectEqual(await find(record), touched)
  }),

  storeCase('touch never moves lastSeenAt back', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const touched = { ...record, lastSeenAt: start + 60_000 }
    await store.touch(touched, { now: start + 60_000 })
    await store.touch({ ...record, lastSeenAt: start + 30_000 }, { now: start + 61_000 })
    await store.touch({ ...record, lastSeenAt: start - 60_000 }, { now: start - 60_000 })
    expectEqual(await find(record), touched)
  }),

  storeCase('parallel touches leave the latest time', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const times = Array.from({ length: 20 }, (_, i) => start + ((i * 7) % 20))
    await Promise.all(times.map((at) => store.touch({ ...record, lastSeenAt: at }, { now: at })))
    expectEqual((await find(record))?.lastSeenAt, start + 19, 'lastSeenAt')
  }),

  storeCase('touch with a stale copy keeps the stored role, data and version', async (scene) => {
    const { store, start, signIn, find } = scene
    const record = await signIn()
    const updated = { ...record, version: 2, role: 'admin', data: { plan: 'pro' } }
    await store.update(updated)
    await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
    expectEqual(await find(record), { ...updated, lastSeenAt: start + 1 })
  }),

  storeCase(
    'touch of an unknown session creates nothing',
    async ({ store, start, newRecord, read, listIds }) => {
      const record = newRecord()
      await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
      expectEqual(await read(record), { kind: 'missing' })
      expectEqual(await listIds(), [])
    },
  ),

  storeCase('touch does not revive a destroyed session', async ({ store, start, signIn, read, listIds }) => {
    const record = await signIn()
    const other = await signIn()
    await store.destroy(record)
    await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
    expectEqual(await read(record), { kind: 'missing' })
    expectEqual(await listIds(), [other.id])
  }),

  storeCase('touch does not revive a revoked session', async ({ store, start, signIn, read, listIds }) => {
    const record = await signIn()
    await store.revoke(USER, { except: null, now: start })
    await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
    expectEqual(await read(record), { kind: 'missing' })
    expectEqual(await listIds(), [])
  }),

  storeCase('touch does not revive an evicted session', async ({ store, start, signIn, read }) => {
    const record = await signIn({ createdAt: start - 1 })
    await signIn({}, { limit: 1 })
    await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
    expectEqual(await read(record), { kind: 'missing' })
  }),

  storeCase('touch of a rotated id neither revives it nor changes its successor', async (scene) => {
    const { store, start, signIn, read, find, listIds } = scene
    const record = await signIn()
    const [nextId, graceEnd] = [newId(), start + 30_000]
    await store.rotate(record, { nextId, graceEnd })
    await store.touch({ ...record, lastSeenAt: start + 9 }, { now: start + 9 })
    expectEqual(await read(record), { kind: 'rotated', nextId, graceEnd })
    expectEqual(await find(record), { ...record, id: nextId })
    expectEqual(await listIds(), [nextId])
  }),

  storeCase("touch changes none of the user's other sessions", async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const other = await signIn()
    await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
    expectEqual(await find(other), other)
  }),

  storeCase('touch and update at once both take effect', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const updated = { ...record, version: 2, data: { plan: 'pro' } }
    await Promise.all([
      store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 }),
      store.update(updated),
    ])
    expectEqual(await find(record), { ...updated, lastSeenAt: start + 1 })
  }),

  storeCase('touch and destroy at once leave no session', async ({ store, start, signIn, read, listIds }) => {
    const records = await Promise.all(Array.from({ length: 20 }, () => signIn()))
    await Promise.all(
      records.flatMap((record) => [
        store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 }),
        store.destroy(record),
        store.touch({ ...record, lastSeenAt: start + 2 }, { now: start + 2 }),
      ]),
    )
    for (const record of records) expectEqual(await read(record), { kind: 'missing' })
    expectEqual(await listIds(), [])
  }),

  storeCase('touch and rotate at once leave one session', async ({ store, start, signIn, find, listIds }) => {
    const record = await signIn()
    const nextId = newId()
    await Promise.all([
      store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 }),
      store.rotate({ ...record, lastSeenAt: start + 1 }, { nextId, graceEnd: start + 30_000 }),
      store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 }),
    ])
    expectEqual(await listIds(), [nextId])
    expectThat((await find(record))?.lastSeenAt === start + 1, 'the successor was last seen at the rotation')
  }),
]
