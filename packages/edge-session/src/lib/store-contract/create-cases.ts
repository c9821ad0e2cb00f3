import { expectEqual, expectSameIds, expectThat } from './expect.ts'
import { DAY, newId, type StoreContractCase, storeCase, USER } from './store-case.ts'

const CREATE = { limit: 100, whenFull: 'evict-oldest', replaces: null } as const

export const createCases: readonly StoreContractCase[] = [
  storeCase('create stores every field of a record', async ({ store, start, newRecord, read }) => {
    const record = newRecord({
      version: 7,
      lastSeenAt: start + 5,
      authenticatedAt: start + 3,
      role: null,
      ip: null,
    })
    expectEqual(await store.create(record, { ...CREATE, now: start }), { created: true, evicted: 0 })
    expectEqual(await read(record), { kind: 'record', record })
  }),

  storeCase('create keeps one session when repeated, and gives the same answer', async (scene) => {
    const { store, start, newRecord, listIds } = scene
    const record = newRecord()
    const first = await store.create(record, { ...CREATE, now: start })
    expectEqual(await store.create(record, { ...CREATE, now: start + 1 }), first)
    expectEqual(await listIds(), [record.id])
  }),

  storeCase('create repeated late does not undo an update', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const updated = { ...record, version: 2, data: { plan: 'pro' } }
    await store.update(updated)
    await store.create(record, { ...CREATE, now: start })
    expectEqual(await find(record), updated)
  }),

  storeCase(
    'create repeated late does not bring a rotated id back',
    async ({ store, start, signIn, listIds }) => {
      const record = await signIn()
      const nextId = newId()
      await store.rotate(record, { nextId, graceEnd: start + 30_000 })
      await store.create(record, { ...CREATE, now: start })
      expectEqual(await listIds(), [nextId])
    },
  ),

  storeCase(
    'create repeated when the user is full evicts nobody',
    async ({ store, start, newRecord, listIds }) => {
      const full = { ...CREATE, now: start, limit: 2 }
      const records = [newRecord(), newRecord()] as const
      for (const record of records) await store.create(record, full)
      await store.create(records[0], full)
      expectSameIds(await listIds(), [records[0].id, records[1].id])
    },
  ),

  storeCase(
    'parallel repeats of one create make one session',
    async ({ store, start, newRecord, listIds }) => {
      const record = newRecord()
      const create = () => store.create(record, { ...CREATE, now: start })
      const results = await Promise.all(Array.from({ length: 10 }, create))
      for (const result of results) expectEqual(result, { created: true, evicted: 0 })
      expectEqual(await listIds(), [record.id])
    },
  ),

  storeCase(
    'create beyond the limit evicts exactly the oldest',
    async ({ store, start, signIn, newRecord, listIds }) => {
      const middle = await signIn({ createdAt: start - 2_000 })
      await signIn({ createdAt: start - 3_000 })
      const youngest = await signIn({ createdAt: start - 1_000 })
      const record = newRecord()
      const result = await store.create(record, { ...CREATE, now: start, limit: 3 })
      expectEqual(result, { created: true, evicted: 1 })
      expectSameIds(await listIds(), [middle.id, youngest.id, record.id])
    },
  ),

  storeCase(
    'create tells by age of sign-in, not by last activity, which session is the oldest',
    async (scene) => {
      const { store, start, signIn, listIds } = scene
      const oldest = await signIn({ createdAt: start - 3_000 })
      const younger = await signIn({ createdAt: start - 2_000 })
      await store.touch({ ...oldest, lastSeenAt: start + 1_000 }, { now: start + 1_000 })
      const record = await signIn({}, { limit: 2 })
      expectSameIds(await listIds(), [younger.id, record.id])
    },
  ),

  storeCase(
    'create evicts as many as a lowered limit asks for',
    async ({ store, start, signIn, newRecord, listIds }) => {
      for (const age of [5, 4, 3]) await signIn({ createdAt: start - age })
      const kept = await signIn({ createdAt: start - 2 })
      const record = newRecord()
      const result = await store.create(record, { ...CREATE, now: start, limit: 2 })
      expectEqual(result, { created: true, evicted: 3 })
      expectSameIds(await listIds(), [kept.id, record.id])
    },
  ),

  storeCase('create with a limit of one leaves only the new session', async ({ signIn, listIds }) => {
    await signIn()
    const record = await signIn({}, { limit: 1 })
    expectEqual(await listIds(), [record.id])
  }),

  storeCase('create refuses when the user is full and changes nothing', async (scene) => {
    const { store, start, signIn, newRecord, listIds } = scene
    const others = [await signIn(), await signIn()]
    const options = { ...CREATE, now: start, limit: 2, whenFull: 'refuse' } as const
    const record = newRecord()
    expectEqual(await store.create(record, options), { created: false })
    expectEqual(await store.create(record, options), { created: false })
    expectSameIds(
      await listIds(),
      others.map(({ id }) => id),
    )
  }),

  storeCase('create ends the session it replaces in the same step', async ({ signIn, read, listIds }) => {
    const previous = await signIn()
    const other = await signIn()
    const record = await signIn({}, { replaces: previous.id })
    expectEqual(await read(previous), { kind: 'missing' })
    expectSameIds(await listIds(), [other.id, record.id])
  }),

  storeCase(
    'create does not count the session it replaces',
    async ({ store, start, signIn, newRecord, listIds }) => {
      const previous = await signIn()
      const other = await signIn()
      const record = newRecord()
      const options = { now: start, limit: 2, whenFull: 'refuse', replaces: previous.id } as const
      expectEqual(await store.create(record, options), { created: true, evicted: 0 })
      expectSameIds(await listIds(), [other.id, record.id])
    },
  ),

  storeCase('create that refuses does not end the session it would replace', async (scene) => {
    const { store, start, signIn, newRecord, listIds } = scene
    const ids = [await signIn(), await signIn(), await signIn()].map(({ id }) => id)
    const options = { now: start, limit: 2, whenFull: 'refuse', replaces: ids[0] ?? null } as const
    expectEqual(await store.create(newRecord(), options), { created: false })
    expectSameIds(await listIds(), ids)
  }),

  storeCase(
    'create ends what the session it replaces was rotated to',
    async ({ store, start, signIn, find, listIds }) => {
      const previous = await signIn()
      await store.rotate(previous, { nextId: newId(), graceEnd: start + 30_000 })
      const record = await signIn({}, { replaces: previous.id })
      expectEqual(await find(previous), null)
      expectEqual(await listIds(), [record.id])
    },
  ),

  storeCase('create replacing an unknown id ends nothing', async ({ signIn, listIds }) => {
    const other = await signIn()
    const record = await signIn({}, { replaces: newId() })
    expectSameIds(await listIds(), [other.id, record.id])
  }),

  storeCase("create does not replace another user's session", async ({ signIn, find }) => {
    const other = await signIn({ userId: 'bob' })
    await signIn({}, { replaces: other.id })
    expectEqual(await find(other), other)
  }),

  storeCase('create removes expired sessions and does not count them', async (scene) => {
    const { store, start, signIn, newRecord, listIds } = scene
    const later = start + DAY
    await signIn({ idle: DAY })
    await signIn({ absoluteEnd: later })
    const live = await signIn({ createdAt: start - 10 * DAY })
    const record = newRecord({ createdAt: later, lastSeenAt: later })
    const options = { now: later, limit: 2, whenFull: 'refuse', replaces: null } as const
    expectEqual(await store.create(record, options), { created: true, evicted: 0 })
    expectSameIds(await listIds(), [live.id, record.id])
  }),

  storeCase(
    '50 parallel creates with a limit of 3 leave 3 sessions',
    async ({ store, start, newRecord, listIds }) => {
      const records = Array.from({ length: 50 }, (_, i) => newRecord({ createdAt: start + i }))
      const results = await Promise.all(
        records.map((record) => store.create(record, { ...CREATE, now: start, limit: 3 })),
      )
      expectThat(
        results.every(({ created }) => created),
        'every create succeeds',
      )
      const evicted = results.reduce((sum, result) => sum + (result.created ? result.evicted : 0), 0)
      expectEqual(evicted, 47, 'evicted')
      expectEqual((await listIds()).length, 3, 'live sessions')
    },
  ),

  storeCase('50 parallel creates that refuse at 3 let 3 in', async ({ store, start, newRecord, listIds }) => {
    const options = { ...CREATE, now: start, limit: 3, whenFull: 'refuse' } as const
    const results = await Promise.all(Array.from({ length: 50 }, () => store.create(newRecord(), options)))
    expectEqual(results.filter(({ created }) => created).length, 3, 'created')
    expectEqual((await listIds(USER)).length, 3, 'live sessions')
  }),
]
