import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEdgeSession } from '../src/lib/edge-session.ts'
import { kvStore } from '../src/lib/kv-store.ts'
import type { SessionRecord } from '../src/lib/record.ts'
import type { SessionStore } from '../src/lib/session-store.ts'
import { ioredisTransport } from '../src/lib/transports/ioredis.ts'
import { newId, newRecord, START } from './support/records.ts'
import { startRedisServer } from './support/redis-server.ts'
import { routeBrowser } from './support/route-browser.ts'
import { SECRET } from './support/secrets.ts'
import { visit } from './support/visit.ts'

/** Of its own, also where there is a `REDIS_URL`: that one has other users. */
const redis = await startRedisServer()
const client = new Redis(redis?.url ?? '', { lazyConnect: true })
const transport = ioredisTransport(client)
afterAll(async () => {
  client.disconnect()
  await redis?.stop()
})

const CREATE = { now: START, limit: 100, whenFull: 'evict-oldest', replaces: null } as const
const LATER = START + 120_000

/** As a Redis without `maxmemory-policy` does it: what is there stays, and nothing is added. */
const fillUp = () => client.config('SET', 'maxmemory', '1')
const makeRoom = () => client.config('SET', 'maxmemory', '0')

async function contents(): Promise<Record<string, unknown>> {
  const keys = (await client.keys('*')).sort()
  const values = keys.map(async (key) =>
    (await client.type(key)) === 'stream' ? client.xrange(key, '-', '+') : client.hgetall(key),
  )
  return Object.fromEntries((await Promise.all(values)).map((value, n) => [keys[n], value]))
}

interface Change {
  readonly operation: string
  readonly change: (store: SessionStore, record: SessionRecord) => Promise<unknown>
}

/** What takes memory first thing. */
const ADDING: readonly (Change & { readonly name: string })[] = [
  {
    name: 'a first session',
    operation: 'create',
    change: (store) => store.create(newRecord({ userId: 'bob' }), CREATE),
  },
  {
    name: 'a second session of a user',
    operation: 'create',
    change: (store) => store.create(newRecord(), CREATE),
  },
  {
    name: 'activity',
    operation: 'touch',
    change: (store, record) => store.touch({ ...record, lastSeenAt: LATER }, { now: LATER }),
  },
  {
    name: 'an update',
    operation: 'update',
    change: (store, record) => store.update({ ...record, version: 2, data: { plan: 'pro' } }, { mark: 'm' }),
  },
  {
    name: 'a rotation',
    operation: 'rotate',
    change: (store, record) => store.rotate(record, { nextId: newId(), graceEnd: LATER }),
  },
]

/** What ends something in the same step, before it adds anything. */
const REPLACING: readonly (Change & { readonly name: string })[] = [
  {
    name: 'a sign-in over a session',
    operation: 'create',
    change: (store, { id }) => store.create(newRecord(), { ...CREATE, replaces: id }),
  },
  {
    name: 'a sign-in beyond the limit',
    operation: 'create',
    change: (store) => store.create(newRecord({ createdAt: START + 1 }), { ...CREATE, limit: 1 }),
  },
  {
    name: 're-authentication',
    operation: 'rotate',
    change: (store, record) => store.rotate({ ...record, version: 2 }, { nextId: newId(), graceEnd: null }),
  },
]

describe.skipIf(redis === null)('a Redis that is full (skipped without a redis-server on the PATH)', () => {
  beforeAll(() => client.connect())
  beforeEach(async () => {
    await client.flushall()
  })
  afterEach(async () => {
    await makeRoom()
    const ttls = await Promise.all((await client.keys('*')).map((key) => client.pttl(key)))
    expect(ttls.filter((ttl) => ttl === -1)).toEqual([])
  })

  describe.each([
    ['without a change feed', false],
    ['with one', true],
  ])('%s', (_, changes) => {
    const store = kvStore({ transport, changes, timeout: 60_000 })

    async function signIn(): Promise<SessionRecord> {
      const record = newRecord()
      await store.create(record, CREATE)
      await store.changes?.read(null)
      return record
    }

    it.each(ADDING)(
      'says that $name is unknown, writes none of it, and takes it once there is room',
      async ({ operation, change }) => {
        const record = await signIn()
        const before = await contents()
        await fillUp()
        const unknown = { code: 'ERR_SESSION_UNKNOWN', operation, reason: 'reply OOM' }
        await expect(change(store, record)).rejects.toMatchObject(unknown)
        expect(await contents()).toEqual(before)
        await makeRoom()
        await change(store, record)
        expect(await contents()).not.toEqual(before)
      },
    )

    it.each(REPLACING)('makes $name whole or not at all', async ({ operation, change }) => {
      const record = await signIn()
      const before = await contents()
      await fillUp()
      const failure = await change(store, record).then(
        () => null,
        (error: unknown) => error,
      )
      if (failure === null) {
        const [stored, ...others] = await store.list('alice')
        expect([others, stored?.id === record.id]).toEqual([[], false])
        expect(await store.read(record, { authoritative: true })).toEqual({ kind: 'missing' })
      } else {
        expect(failure).toMatchObject({ code: 'ERR_SESSION_UNKNOWN', operation })
        expect(await contents()).toEqual(before)
      }
    })

    it('still finds and lists sessions, ends one, and ends all, and tells the feed', async () => {
      const [one, other] = [await signIn(), await signIn()]
      const carol = newRecord({ userId: 'carol' })
      await store.create(carol, CREATE)
      const feed = await store.changes?.read(null)
      await fillUp()
      for (const authoritative of [true, false])
        expect(await store.read(one, { authoritative })).toEqual({ kind: 'record', record: one })
      expect(await store.list('alice')).toHaveLength(2)
      expect(await store.destroy(one)).toBe(true)
      expect(await store.list('alice')).toEqual([other])
      expect(await store.revoke('carol', { except: null, now: START })).toBe(1)
      expect(await store.list('carol')).toEqual([])
      const told = await store.changes?.read(feed?.cursor ?? null)
      expect([...(told?.userIds ?? [])].sort()).toEqual(changes ? ['alice', 'carol'] : [])
    })
  })

  it('signs nobody in and nobody out: no cookie for whom it can not keep, no change for whom it knows', async () => {
    let now = START
    const app = createEdgeSession({
      secret: SECRET,
      kv: ioredisTransport(client),
      kvTimeout: '1m',
      protect: { routes: ['/dashboard'] },
      now: () => now,
    })
    const [alice, bob] = [routeBrowser(), routeBrowser()]
    await alice.run(() => app.createSession({ userId: 'alice' }))
    const before = await contents()
    await fillUp()
    const signIn = await bob.run(() => app.createSession({ userId: 'bob' }))
    expect([signIn.thrown, signIn.setCookies]).toEqual(['ERR_SESSION_UNKNOWN', []])
    const update = await alice.run(() => app.updateSession(() => ({ theme: 'dark' })))
    expect([update.thrown, update.setCookies]).toEqual(['ERR_SESSION_UNKNOWN', []])
    // There is activity to record, which can wait.
    now = LATER
    const page = await visit(app.proxy, '/dashboard', { token: alice.token ?? '' })
    expect([page.seen?.get('x-user-id'), page.setCookies]).toEqual(['alice', []])
    expect(await contents()).toEqual(before)

    await alice.run(() => app.destroySession())
    expect([alice.token, await contents()]).toEqual([null, {}])
    await makeRoom()
    await bob.run(() => app.createSession({ userId: 'bob' }))
    expect((await visit(app.proxy, '/dashboard', { token: bob.token ?? '' })).seen?.get('x-user-id')).toBe(
      'bob',
    )
  })
})
