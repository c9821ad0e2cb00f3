import type { SessionRecord } from '../record.ts'
import type { SessionStore } from '../session-store.ts'
import { expectEqual, expectThat } from './expect.ts'
import { newId, type StoreContractCase, storeCase, USER } from './store-case.ts'

export const updateCases: readonly StoreContractCase[] = [
  storeCase('update replaces role and data', async ({ store, signIn, find }) => {
    const record = await signIn({ data: { plan: 'free', trial: true } })
    const next = { ...record, version: 2, role: 'admin', data: { plan: 'pro' } }
    expectEqual(await store.update(next), { kind: 'updated' })
    expectEqual(await find(record), next)
  }),

  storeCase('update can empty role and data', async ({ store, signIn, find }) => {
    const record = await signIn()
    const next = { ...record, version: 2, role: null, data: {} }
    expectEqual(await store.update(next), { kind: 'updated' })
    expectEqual(await find(record), next)
  }),

  storeCase('update leaves times to touch', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    await store.update({ ...record, version: 2, lastSeenAt: start + 1, absoluteEnd: start + 2, idle: 3 })
    expectEqual(await find(record), { ...record, version: 2 })
  }),

  storeCase('update gives the same answer when repeated', async ({ store, signIn, find }) => {
    const record = await signIn()
    const next = { ...record, version: 2, data: { plan: 'pro' } }
    for (let i = 0; i < 3; i += 1) expectEqual(await store.update(next), { kind: 'updated' })
    expectEqual(await find(record), next)
  }),

  storeCase('update by version after version succeeds', async ({ store, start, signIn, find }) => {
    const record = await signIn()
    for (let version = 2; version <= 12; version += 1) {
      expectEqual(await store.update({ ...record, version, data: { version } }), { kind: 'updated' })
      await store.touch({ ...record, lastSeenAt: start + version }, { now: start + version })
    }
    expectEqual(await find(record), { ...record, version: 12, data: { version: 12 }, lastSeenAt: start + 12 })
  }),

  storeCase('update of a stale version is a conflict that gives the current record', async (scene) => {
    const { store, start, signIn, find } = scene
    const record = await signIn()
    await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
    const current = { ...record, version: 2, data: { by: 'first' }, lastSeenAt: start + 1 }
    await store.update(current)
    const late = { ...record, version: 2, data: { by: 'second' } }
    expectEqual(await store.update(late), { kind: 'conflict', current })
    expectEqual(await find(record), current)
  }),

  storeCase('update of a version ahead of the stored one is a conflict', async ({ store, signIn, find }) => {
    const record = await signIn()
    for (const version of [1, 3, 10]) {
      const next = { ...record, version, data: { version } }
      expectEqual(await store.update(next), { kind: 'conflict', current: record }, `version ${version}`)
    }
    expectEqual(await find(record), record)
  }),

  storeCase(
    'update equal to that of somebody else is a conflict, and repeated it is not',
    async ({ store, signIn, find }) => {
      const record = await signIn()
      const stored = { ...record, version: 2, data: { count: 1 } }
      expectEqual(await store.update(stored, { mark: 'one' }), { kind: 'updated' })
      expectEqual(await store.update(stored, { mark: 'other' }), { kind: 'conflict', current: stored })
      const touched = { ...stored, lastSeenAt: stored.lastSeenAt + 1_000 }
      await store.touch(touched, { now: touched.lastSeenAt })
      expectEqual(await store.update(stored, { mark: 'one' }), { kind: 'updated' })
      expectEqual(await find(record), touched)
    },
  ),

  storeCase(
    'update repeated after another one is a conflict and reverts nothing',
    async ({ store, signIn, find }) => {
      const record = await signIn()
      const first = { ...record, version: 2, data: { step: 1 } }
      const second = { ...record, version: 3, data: { step: 2 } }
      await store.update(first)
      await store.update(second)
      expectEqual(await store.update(first), { kind: 'conflict', current: second })
      expectEqual(await find(record), second)
    },
  ),

  storeCase('update of an unknown session is missing and creates nothing', async (scene) => {
    const { store, newRecord, read, listIds } = scene
    const record = newRecord({ version: 2 })
    expectEqual(await store.update(record), { kind: 'missing' })
    expectEqual(await read(record), { kind: 'missing' })
    expectEqual(await listIds(), [])
  }),

  storeCase('update does not revive a destroyed session', async ({ store, signIn, read, listIds }) => {
    const record = await signIn()
    const other = await signIn()
    await store.destroy(record)
    expectEqual(await store.update({ ...record, version: 2 }), { kind: 'missing' })
    expectEqual(await read(record), { kind: 'missing' })
    expectEqual(await listIds(), [other.id])
  }),

  storeCase('update does not revive a revoked session', async ({ store, start, signIn, listIds }) => {
    const record = await signIn()
    await store.revoke(USER, { except: null, now: start })
    expectEqual(await store.update({ ...record, version: 2 }), { kind: 'missing' })
    expectEqual(await listIds(), [])
  }),

  storeCase('update of a rotated id is missing and leaves its successor alone', async (scene) => {
    const { store, start, signIn, find, listIds } = scene
    const record = await signIn()
    const nextId = newId()
    await store.rotate(record, { nextId, graceEnd: start + 30_000 })
    expectEqual(await store.update({ ...record, version: 2, data: {} }), { kind: 'missing' })
    expectEqual(await find(record), { ...record, id: nextId })
    expectEqual(await listIds(), [nextId])
  }),

  storeCase("update changes none of the user's other sessions", async ({ store, signIn, find }) => {
    const record = await signIn()
    const other = await signIn()
    await store.update({ ...record, version: 2, data: {} })
    expectEqual(await find(other), other)
  }),

  storeCase('of parallel updates of one version exactly one wins', async ({ store, signIn, find }) => {
    const record = await signIn()
    const attempts = Array.from({ length: 20 }, (_, by) => ({ ...record, version: 2, data: { by } }))
    const results = await Promise.all(attempts.map((attempt) => store.update(attempt)))
    const winners = attempts.filter((_, i) => results[i]?.kind === 'updated')
    expectEqual(winners.length, 1, 'winners')
    expectEqual(await find(record), winners[0])
    expectThat(
      results.every((result) => result.kind !== 'conflict' || result.current.version === 2),
      'every loser is given the winning record',
    )
  }),

  storeCase(
    '20 parallel updates of different fields all survive when retried',
    async ({ store, signIn, find }) => {
      const record = await signIn({ data: {} })
      const fields = Array.from({ length: 20 }, (_, i) => `field${i}`)
      await Promise.all(fields.map((field) => setField(store, { record, field })))
      const expected = Object.fromEntries(fields.map((field) => [field, true]))
      expectEqual(await find(record), { ...record, version: 21, data: expected })
    },
  ),

  storeCase('update and destroy at once leave no session', async ({ store, signIn, listIds }) => {
    const records = await Promise.all(Array.from({ length: 20 }, () => signIn()))
    await Promise.all(
      records.flatMap((record) => [
        store.update({ ...record, version: 2 }),
        store.destroy(record),
        store.update({ ...record, version: 3 }),
      ]),
    )
    expectEqual(await listIds(), [])
  }),
]

async function setField(
  store: SessionStore,
  { record, field }: { record: SessionRecord; field: string },
): Promise<void> {
  let current = record
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const next = { ...current, version: current.version + 1, data: { ...current.data, [field]: true } }
    const result = await store.update(next)
    if (result.kind === 'updated') return
    expectThat(result.kind === 'conflict', 'the session is still there')
    current = result.current
  }
  throw new Error('an update got nowhere in 100 attempts.')
}
