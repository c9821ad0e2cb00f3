import type { SessionRecord } from '../record.ts'
import { expectEqual, expectThat } from './expect.ts'
import { newId, type Scene, type StoreContractCase, storeCase, USER } from './store-case.ts'

const GRACE = 30_000

/** Rotation that leaves a trail, so that requests under way still find the session. */
export const rotateCases: readonly StoreContractCase[] = [
  storeCase('rotate moves the session to the next id', async ({ store, start, signIn, read, listIds }) => {
    const record = await signIn()
    const [nextId, graceEnd] = [newId(), start + GRACE]
    const rotated = { ...record, lastSeenAt: start + 5 }
    expectEqual(await store.rotate(rotated, { nextId, graceEnd }), { kind: 'rotated', nextId, graceEnd })
    expectEqual(await read({ userId: USER, id: nextId }), {
      kind: 'record',
      record: { ...rotated, id: nextId },
    })
    expectEqual(await listIds(), [nextId])
  }),

  storeCase('rotate leaves a trail from the old id, to be read with and without authority', async (scene) => {
    const { store, start, signIn } = scene
    const record = await signIn()
    const [nextId, graceEnd] = [newId(), start + GRACE]
    await store.rotate(record, { nextId, graceEnd })
    for (const authoritative of [true, false]) {
      expectEqual(await store.read(record, { authoritative }), { kind: 'rotated', nextId, graceEnd })
    }
  }),

  storeCase('rotate gives the same answer when repeated', async ({ store, start, signIn, find, listIds }) => {
    const record = await signIn()
    const options = { nextId: newId(), graceEnd: start + GRACE }
    for (let i = 0; i < 3; i += 1) {
      expectEqual(await store.rotate(record, options), { kind: 'rotated', ...options })
    }
    expectEqual(await find(record), { ...record, id: options.nextId })
    expectEqual(await listIds(), [options.nextId])
  }),

  storeCase(
    'rotate of a rotated id answers what the first call chose',
    async ({ store, start, signIn, listIds }) => {
      const record = await signIn()
      const first = { nextId: newId(), graceEnd: start + GRACE }
      await store.rotate(record, first)
      const second = { nextId: newId(), graceEnd: start + 2 * GRACE }
      expectEqual(await store.rotate(record, second), { kind: 'rotated', ...first })
      expectEqual(await listIds(), [first.nextId])
    },
  ),

  storeCase(
    '50 parallel rotations agree on one successor',
    async ({ store, start, signIn, read, listIds }) => {
      const record = await signIn()
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          store.rotate(record, { nextId: newId(), graceEnd: start + GRACE + i }),
        ),
      )
      const [first] = results
      expectThat(first?.kind === 'rotated', 'the session is rotated')
      for (const result of results) expectEqual(result, first)
      expectEqual(await listIds(), [first.nextId])
      expectEqual(await read(record), first)
    },
  ),

  storeCase('rotate carries over what others stored meanwhile', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    const updated = { ...record, version: 2, role: 'admin', data: { plan: 'pro' } }
    await store.update(updated)
    const nextId = newId()
    await store.rotate(record, { nextId, graceEnd: start + GRACE })
    expectEqual(await find(record), { ...updated, id: nextId })
  }),

  storeCase('rotate of an unknown session is missing and creates nothing', async (scene) => {
    const { store, start, newRecord, read, listIds } = scene
    const record = newRecord()
    const nextId = newId()
    expectEqual(await store.rotate(record, { nextId, graceEnd: start + GRACE }), { kind: 'missing' })
    expectEqual(await read(record), { kind: 'missing' })
    expectEqual(await read({ userId: USER, id: nextId }), { kind: 'missing' })
    expectEqual(await listIds(), [])
  }),

  storeCase('rotate does not revive a destroyed session', async ({ store, start, signIn, listIds }) => {
    const record = await signIn()
    const other = await signIn()
    await store.destroy(record)
    expectEqual(await store.rotate(record, { nextId: newId(), graceEnd: start + GRACE }), { kind: 'missing' })
    expectEqual(await listIds(), [other.id])
  }),

  storeCase('rotate does not revive a revoked session', async ({ store, start, signIn, listIds }) => {
    const record = await signIn()
    await store.revoke(USER, { except: null, now: start })
    expectEqual(await store.rotate(record, { nextId: newId(), graceEnd: start + GRACE }), { kind: 'missing' })
    expectEqual(await listIds(), [])
  }),

  storeCase('rotate repeated after the successor ended revives neither', async (scene) => {
    const { store, start, signIn, find, listIds } = scene
    const record = await signIn()
    const options = { nextId: newId(), graceEnd: start + GRACE }
    await store.rotate(record, options)
    await store.destroy({ userId: USER, id: options.nextId })
    await store.rotate(record, options)
    expectEqual(await find(record), null)
    expectEqual(await find({ userId: USER, id: options.nextId }), null)
    expectEqual(await listIds(), [])
  }),

  storeCase('rotate again and again leaves a trail from id to id', async (scene) => {
    const { start, signIn, read, find } = scene
    const record = await signIn()
    const ids = await rotateTimes(scene, { record, times: 3 })
    for (const [i, id] of ids.slice(0, -1).entries()) {
      const nextId = ids[i + 1] ?? ''
      expectEqual(await read({ userId: USER, id }), { kind: 'rotated', nextId, graceEnd: start + GRACE + i })
      expectEqual((await find({ userId: USER, id }))?.id, ids.at(-1))
    }
  }),

  storeCase(
    'the first id of a session and the last 7 lead to it, those between to nothing',
    async (scene) => {
      const { store, start, signIn, read, find, listIds } = scene
      const record = await signIn()
      const ids = await rotateTimes(scene, { record, times: 30 })
      const [first = '', ...later] = ids
      for (const id of [first, ...later.slice(-8)])
        expectEqual((await find({ userId: USER, id }))?.id, ids.at(-1))
      for (const id of later.slice(0, -8)) expectEqual(await read({ userId: USER, id }), { kind: 'missing' })
      const nextId = later.at(-8) ?? ''
      expectEqual(await read({ userId: USER, id: first }), {
        kind: 'rotated',
        nextId,
        graceEnd: start + GRACE,
      })
      expectEqual(await store.destroy({ userId: USER, id: first }), true)
      expectEqual(await listIds(), [])
    },
  ),

  storeCase('trails outlast the next sign-in', async (scene) => {
    const { signIn, find } = scene
    const record = await signIn()
    const ids = await rotateTimes(scene, { record, times: 8 })
    await signIn()
    for (const id of ids) expectEqual((await find({ userId: USER, id }))?.id, ids.at(-1))
  }),

  storeCase("rotate changes none of the user's other sessions and their trails", async (scene) => {
    const { signIn, find } = scene
    const [record, other] = [await signIn(), await signIn()]
    const otherIds = await rotateTimes(scene, { record: other, times: 8 })
    await rotateTimes(scene, { record, times: 8 })
    for (const id of otherIds) expectEqual((await find({ userId: USER, id }))?.id, otherIds.at(-1))
  }),

  storeCase(
    'rotate and destroy at once leave no session',
    async ({ store, start, signIn, find, listIds }) => {
      const records = await Promise.all(Array.from({ length: 20 }, () => signIn()))
      await Promise.all(
        records.flatMap((record) => [
          store.rotate(record, { nextId: newId(), graceEnd: start + GRACE }),
          store.destroy(record),
          store.rotate(record, { nextId: newId(), graceEnd: start + GRACE }),
        ]),
      )
      expectEqual(await listIds(), [])
      for (const record of records) expectEqual(await find(record), null)
    },
  ),

  storeCase('rotate and update at once lose no update that was confirmed', async (scene) => {
    const { store, start, signIn, find, listIds } = scene
    const records = await Promise.all(Array.from({ length: 10 }, () => signIn()))
    const results = await Promise.all(
      records.flatMap((record) => [
        store.update({ ...record, version: 2, data: { plan: 'pro' } }),
        store.rotate(record, { nextId: newId(), graceEnd: start + GRACE }),
      ]),
    )
    for (const [i, record] of records.entries()) {
      const version = results[2 * i]?.kind === 'updated' ? 2 : 1
      expectEqual((await find(record))?.version, version, 'version')
    }
    expectEqual((await listIds()).length, 10, 'live sessions')
  }),
]

/** All ids the session had, the present one last. Its trails have different grace ends. */
async function rotateTimes(
  { store, start }: Scene,
  { record, times }: { record: SessionRecord; times: number },
): Promise<readonly string[]> {
  const ids = [record.id]
  for (let i = 0; i < times; i += 1) {
    const nextId = newId()
    const result = await store.rotate(
      { ...record, id: ids[i] ?? '' },
      { nextId, graceEnd: start + GRACE + i },
    )
    expectEqual(result, { kind: 'rotated', nextId, graceEnd: start + GRACE + i })
    ids.push(nextId)
  }
  return ids
}
