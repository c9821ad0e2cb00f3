import { expectEqual, expectSameIds } from './expect.ts'
import { DAY, newId, type StoreContractCase, storeCase, USER } from './store-case.ts'

/** Rotation without grace (`graceEnd: null`): after a change of privilege the old id is dead at once. */
export const replaceCases: readonly StoreContractCase[] = [
  storeCase('rotate without grace stores the given record under the next id', async (scene) => {
    const { store, start, signIn, read } = scene
    const record = await signIn()
    const nextId = newId()
    const at = start + DAY
    const next = {
      ...record,
      version: 2,
      role: 'admin',
      data: { plan: 'pro' },
      authenticatedAt: at,
      lastSeenAt: at,
      absoluteEnd: at + 30 * DAY,
    }
    const result = await store.rotate(next, { nextId, graceEnd: null })
    expectEqual(result, { kind: 'rotated', nextId, graceEnd: null })
    expectEqual(await read({ userId: USER, id: nextId }), { kind: 'record', record: { ...next, id: nextId } })
  }),

  storeCase('rotate without grace leaves no trail', async ({ store, signIn, read, listIds }) => {
    const record = await signIn()
    const nextId = newId()
    await store.rotate({ ...record, version: 2 }, { nextId, graceEnd: null })
    expectEqual(await read(record), { kind: 'missing' })
    expectEqual(await listIds(), [nextId])
  }),

  storeCase(
    'rotate without grace gives the same answer when repeated',
    async ({ store, signIn, find, listIds }) => {
      const record = await signIn()
      const nextId = newId()
      for (let i = 0; i < 3; i += 1) {
        const result = await store.rotate({ ...record, version: 2 }, { nextId, graceEnd: null })
        expectEqual(result, { kind: 'rotated', nextId, graceEnd: null })
      }
      expectEqual(await find({ userId: USER, id: nextId }), { ...record, id: nextId, version: 2 })
      expectEqual(await listIds(), [nextId])
    },
  ),

  storeCase('rotate without grace repeated late does not undo an update', async ({ store, signIn, find }) => {
    const record = await signIn()
    const nextId = newId()
    const rotate = () => store.rotate({ ...record, version: 2 }, { nextId, graceEnd: null })
    await rotate()
    const updated = { ...record, id: nextId, version: 3, data: { plan: 'pro' } }
    await store.update(updated)
    await rotate()
    expectEqual(await find(updated), updated)
  }),

  storeCase('rotate without grace of a stale version is a conflict and changes nothing', async (scene) => {
    const { store, signIn, find, listIds } = scene
    const record = await signIn()
    const current = { ...record, version: 2, data: { by: 'another' } }
    await store.update(current)
    for (const version of [1, 2, 4]) {
      const result = await store.rotate({ ...record, version }, { nextId: newId(), graceEnd: null })
      expectEqual(result, { kind: 'conflict' }, `version ${version}`)
    }
    expectEqual(await find(record), current)
    expectEqual(await listIds(), [record.id])
  }),

  storeCase('rotate without grace of an unknown session is missing and creates nothing', async (scene) => {
    const { store, newRecord, listIds } = scene
    const record = newRecord({ version: 2 })
    expectEqual(await store.rotate(record, { nextId: newId(), graceEnd: null }), { kind: 'missing' })
    expectEqual(await listIds(), [])
  }),

  storeCase(
    'rotate without grace does not revive an ended session',
    async ({ store, start, signIn, listIds }) => {
      const destroyed = await signIn()
      await store.destroy(destroyed)
      const revoked = await signIn()
      await store.revoke(USER, { except: null, now: start })
      for (const record of [destroyed, revoked]) {
        const result = await store.rotate({ ...record, version: 2 }, { nextId: newId(), graceEnd: null })
        expectEqual(result, { kind: 'missing' })
      }
      expectEqual(await listIds(), [])
    },
  ),

  storeCase('rotate without grace kills every earlier id of the session', async (scene) => {
    const { store, start, signIn, find, listIds } = scene
    const record = await signIn()
    const [second, third] = [newId(), newId()]
    await store.rotate(record, { nextId: second, graceEnd: start + 30_000 })
    await store.rotate({ ...record, id: second, version: 2 }, { nextId: third, graceEnd: null })
    expectEqual(await find(record), null)
    expectEqual(await find({ userId: USER, id: second }), null)
    expectEqual(await listIds(), [third])
  }),

  storeCase(
    'of parallel rotations without grace exactly one takes place',
    async ({ store, signIn, listIds }) => {
      const record = await signIn()
      const other = await signIn()
      const nextIds = Array.from({ length: 20 }, newId)
      const results = await Promise.all(
        nextIds.map((nextId) => store.rotate({ ...record, version: 2 }, { nextId, graceEnd: null })),
      )
      const successors = nextIds.filter((_, i) => results[i]?.kind === 'rotated')
      expectEqual(successors.length, 1, 'successors')
      expectSameIds(await listIds(), [...successors, other.id])
    },
  ),

  storeCase('rotate without grace and update at once lose no update that was confirmed', async (scene) => {
    const { store, signIn, find } = scene
    for (let i = 0; i < 10; i += 1) {
      const record = await signIn()
      const nextId = newId()
      const [updated, rotated] = await Promise.all([
        store.update({ ...record, version: 2, data: { by: 'update' } }),
        store.rotate({ ...record, version: 2, data: { by: 'rotate' } }, { nextId, graceEnd: null }),
      ])
      const isUpdated = updated.kind === 'updated'
      expectEqual(rotated.kind, isUpdated ? 'conflict' : 'rotated', 'the other answer')
      const id = isUpdated ? record.id : nextId
      expectEqual((await find({ userId: USER, id }))?.data, { by: isUpdated ? 'update' : 'rotate' })
    }
  }),
]
