import type { ChangeFeed } from '../session-store.ts'
import { expectEqual, expectSameIds, expectThat } from './expect.ts'
import { newId, type Scene, type StoreContractCase, storeCase, USER } from './store-case.ts'

/** What a store that can be cached must do besides: say whose sessions changed. */
export const changeCases: readonly StoreContractCase[] = [
  storeCase('the first reading of the feed begins now', async (scene) => {
    const feed = feedOf(scene)
    await scene.store.destroy(await scene.signIn())
    const { cursor, userIds } = await feed.read(null)
    expectEqual(userIds, null)
    expectThat(typeof cursor === 'string' && cursor !== '', 'there is a cursor to go on from')
    expectEqual((await feed.read(cursor)).userIds, [])
  }),

  toldOf('destroy', async ({ store }, record) => void (await store.destroy(record))),
  toldOf(
    'update',
    async ({ store }, record) => void (await store.update({ ...record, version: 2, data: { plan: 'pro' } })),
  ),
  toldOf(
    'rotation with grace',
    async ({ store, start }, record) =>
      void (await store.rotate(record, { nextId: newId(), graceEnd: start + 30_000 })),
  ),
  toldOf(
    'rotation without grace',
    async ({ store }, record) =>
      void (await store.rotate({ ...record, version: 2 }, { nextId: newId(), graceEnd: null })),
  ),
  toldOf('revoke', async ({ store, start }) => void (await store.revoke(USER, { except: null, now: start }))),
  toldOf('revoke of all others', async ({ store, start, signIn }) => {
    const { id } = await signIn()
    await store.revoke(USER, { except: id, now: start })
  }),
  toldOf('eviction by a sign-in', async ({ signIn }) => void (await signIn({}, { limit: 1 }))),
  toldOf('replacement by a sign-in', async ({ signIn }, { id }) => void (await signIn({}, { replaces: id }))),

  storeCase('the feed says nothing of touches and reads', async (scene) => {
    const { store, start, signIn, read } = scene
    const record = await signIn()
    const { cursor } = await feedOf(scene).read(null)
    await store.touch({ ...record, lastSeenAt: start + 60_000 }, { now: start + 60_000 })
    await read(record)
    await store.list(USER)
    expectEqual((await feedOf(scene).read(cursor)).userIds, [])
  }),

  storeCase('the feed tells every reader, each from where it stands', async (scene) => {
    const { store, signIn } = scene
    const feed = feedOf(scene)
    const [alice, bob] = [await signIn(), await signIn({ userId: 'bob' })]
    const early = (await feed.read(null)).cursor
    await store.destroy(alice)
    const late = await feed.read(early)
    await store.destroy(bob)
    expectEqual(late.userIds, [USER])
    expectEqual((await feed.read(late.cursor)).userIds, ['bob'])
    expectSameIds((await feed.read(early)).userIds ?? [], [USER, 'bob'])
  }),

  storeCase('the feed names a user once, however many changes there were', async (scene) => {
    const { store, signIn } = scene
    const records = [await signIn(), await signIn(), await signIn()]
    const { cursor } = await feedOf(scene).read(null)
    for (const record of records) await store.destroy(record)
    expectEqual((await feedOf(scene).read(cursor)).userIds, [USER])
  }),

  storeCase('the feed names users exactly, whatever they are called', async (scene) => {
    const { store, signIn } = scene
    const userIds = ['日本', ' pad ', 'a\r\nx: y', '__proto__', '123', 'null', 'u'.repeat(200), '😀']
    const records = []
    for (const userId of userIds) records.push(await signIn({ userId }))
    const { cursor } = await feedOf(scene).read(null)
    for (const record of records) await store.destroy(record)
    expectSameIds((await feedOf(scene).read(cursor)).userIds ?? [], userIds)
  }),

  storeCase('a cursor that the feed does not hold means that anything may have changed', async (scene) => {
    await scene.store.destroy(await scene.signIn())
    const { cursor, userIds } = await feedOf(scene).read('1-1')
    expectEqual(userIds, null)
    expectEqual((await feedOf(scene).read(cursor)).userIds, [])
  }),

  storeCase('whoever changes a session is called back at once', async (scene) => {
    const { store, start, signIn } = scene
    const heard: string[] = []
    feedOf(scene).watch((userId) => heard.push(userId))
    const record = await signIn({ userId: 'bob' })
    heard.length = 0
    await store.destroy(record)
    await store.revoke('carol', { except: null, now: start })
    expectEqual([...heard], ['bob', 'carol'])
  }),
]

/** A change is told under the name of its user, and a change of someone else's is not. */
function toldOf(
  what: string,
  change: (scene: Scene, record: Awaited<ReturnType<Scene['signIn']>>) => Promise<void>,
): StoreContractCase {
  return storeCase(`the feed tells of ${what}`, async (scene) => {
    const record = await scene.signIn()
    await scene.signIn({ userId: 'bob' })
    const { cursor } = await feedOf(scene).read(null)
    await change(scene, record)
    const { cursor: next, userIds } = await feedOf(scene).read(cursor)
    expectEqual(userIds, [USER])
    expectEqual((await feedOf(scene).read(next)).userIds, [])
  })
}

function feedOf({ store: { changes } }: Scene): ChangeFeed {
  expectThat(changes !== undefined, 'the store has a change feed')
  return changes
}
