import { expectEqual, expectSameIds } from './expect.ts'
import { newId, type StoreContractCase, storeCase, USER } from './store-case.ts'

export const readCases: readonly StoreContractCase[] = [
  storeCase('read gives the same answer with and without authority', async ({ store, signIn }) => {
    const record = await signIn()
    for (const authoritative of [true, false]) {
      expectEqual(await store.read(record, { authoritative }), { kind: 'record', record })
    }
  }),

  storeCase('read of an unknown id of a known user is missing', async ({ store, signIn }) => {
    await signIn()
    for (const authoritative of [true, false]) {
      expectEqual(await store.read({ userId: USER, id: newId() }, { authoritative }), { kind: 'missing' })
    }
  }),

  storeCase('read of an unknown user is missing', async ({ store }) => {
    for (const authoritative of [true, false]) {
      expectEqual(await store.read({ userId: 'nobody', id: newId() }, { authoritative }), { kind: 'missing' })
    }
  }),

  storeCase('read of something unknown creates nothing', async ({ read, listIds }) => {
    for (let i = 0; i < 20; i += 1) await read({ userId: 'nobody', id: newId() })
    expectEqual(await listIds('nobody'), [])
  }),

  storeCase('read changes nothing', async ({ read, signIn }) => {
    const record = await signIn()
    for (let i = 0; i < 5; i += 1) expectEqual(await read(record), { kind: 'record', record })
  }),

  storeCase("read does not find one user's session under another user", async ({ read, signIn }) => {
    const { id } = await signIn()
    await signIn({ userId: 'bob' })
    expectEqual(await read({ userId: 'bob', id }), { kind: 'missing' })
  }),

  storeCase('read gives each of two users with the same id their own session', async ({ read, signIn }) => {
    const alice = await signIn({ data: { of: 'alice' } })
    const bob = await signIn({ userId: 'bob', id: alice.id, data: { of: 'bob' } })
    expectEqual(await read(alice), { kind: 'record', record: alice })
    expectEqual(await read(bob), { kind: 'record', record: bob })
  }),

  storeCase('read takes ids literally', async ({ read, signIn }) => {
    const { userId, id } = await signIn()
    for (const other of ['', '*', id.toLowerCase(), id.toUpperCase(), `${id} `, id.slice(1), `s:${id}`]) {
      if (other !== id) expectEqual(await read({ userId, id: other }), { kind: 'missing' }, other)
    }
  }),

  storeCase('list of an unknown user is empty', async ({ listIds }) => {
    expectEqual(await listIds('nobody'), [])
  }),

  storeCase('list gives every session of a user, whole', async ({ store, signIn }) => {
    const records = [await signIn(), await signIn({ role: null, data: {} }), await signIn({ version: 9 })]
    const listed = new Map((await store.list(USER)).map((record) => [record.id, record]))
    for (const record of records) expectEqual(listed.get(record.id), record)
    expectEqual(listed.size, 3, 'listed')
  }),

  storeCase("list leaves other users' sessions out", async ({ signIn, listIds }) => {
    const alice = await signIn()
    const bob = await signIn({ userId: 'bob' })
    expectEqual(await listIds(USER), [alice.id])
    expectEqual(await listIds('bob'), [bob.id])
  }),

  storeCase('list shows what touch and update wrote', async ({ store, start, signIn }) => {
    const record = await signIn()
    await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
    const next = { ...record, version: 2, data: { plan: 'pro' }, lastSeenAt: start + 1 }
    await store.update(next)
    expectEqual(await store.list(USER), [next])
  }),

  storeCase('list shows no ghosts after sessions ended in every way there is', async (scene) => {
    const { store, start, signIn, listIds } = scene
    const destroyed = await signIn()
    const replaced = await signIn()
    const rotated = await signIn()
    const reauthenticated = await signIn()
    const evicted = await signIn({ createdAt: start - 1 })
    await store.destroy(destroyed)
    const kept = [await signIn({}, { replaces: replaced.id }), await signIn({}, { limit: 4 })]
    const successors = [newId(), newId()] as const
    await store.rotate(rotated, { nextId: successors[0], graceEnd: start + 30_000 })
    await store.rotate({ ...reauthenticated, version: 2 }, { nextId: successors[1], graceEnd: null })
    for (const record of [destroyed, replaced, rotated, reauthenticated, evicted]) {
      await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
      await store.update({ ...record, version: 2 })
    }
    expectSameIds(await listIds(), [...kept.map(({ id }) => id), ...successors])
  }),

  storeCase('list during rotations shows the session once', async ({ store, start, signIn, listIds }) => {
    const record = await signIn()
    let id = record.id
    for (let i = 0; i < 5; i += 1) {
      const nextId = newId()
      const [, ids] = await Promise.all([
        store.rotate({ ...record, id }, { nextId, graceEnd: start + 30_000 }),
        listIds(),
      ])
      expectEqual(ids.length, 1, 'listed')
      id = nextId
    }
  }),
]
