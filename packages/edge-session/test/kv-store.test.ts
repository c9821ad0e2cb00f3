import fc from 'fast-check'
import { type LocalKV, type LocalKVOptions, startLocalKV } from 'local-kv'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kvStore } from '../src/lib/kv-store.ts'
import type { KVReply, KVTransport } from '../src/lib/kv-transport.ts'
import type { SessionRecord } from '../src/lib/record.ts'
import type { SessionStore } from '../src/lib/session-store.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { ON_REDIS, provideRedis } from './support/provide-redis.ts'
import { DAY, newId, newRecord, START } from './support/records.ts'

const redis = await provideRedis(12)
afterAll(() => redis?.stop())

const CREATE = { now: START, limit: 100, whenFull: 'evict-oldest', replaces: null } as const
const KEY = 'kv-store-test:alice'

describe('kvStore on the embedded engine', () => factsOfKVStore('embedded', {}))
describe.skipIf(redis === null)(`kvStore ${ON_REDIS}`, () =>
  factsOfKVStore('redis', redis === null ? {} : { redis: redis.url }),
)

function factsOfKVStore(engine: 'embedded' | 'redis', options: LocalKVOptions): void {
  let kv: LocalKV
  let store: SessionStore
  beforeAll(async () => {
    kv = await startLocalKV(options)
    store = kvStore({ transport: restTransport(kv), prefix: 'kv-store-test:', timeout: 10_000 })
    // A Redis that does not know the flags of scripts says so once.
    await store.list('alice')
  })
  beforeEach(async () => {
    await kv.command('DEL', KEY)
  })
  afterAll(() => kv.stop())

  async function fields(): Promise<Record<string, string>> {
    const flat = await kv.command('HGETALL', KEY)
    const texts = Array.isArray(flat) ? flat.map(String) : []
    return Object.fromEntries(texts.flatMap((text, i) => (i % 2 === 0 ? [[text, texts[i + 1] ?? '']] : [])))
  }

  async function signIn(given: Partial<SessionRecord> = {}): Promise<SessionRecord> {
    const record = newRecord(given)
    await store.create(record, CREATE)
    return record
  }

  describe('layout', () => {
    it('keeps a session in two fields, its times apart from its state', async () => {
      const { id } = await signIn({ role: 'admin', data: { plan: 'pro' }, userAgent: 'UA', ip: '::1' })
      expect(await fields()).toEqual({
        [`s:${id}`]: '1|1|{"r":"admin","d":{"plan":"pro"},"a":"UA","i":"::1"}',
        [`t:${id}`]: `${START} ${START} ${START} ${START + 30 * DAY} ${7 * DAY}`,
      })
    })

    it('touches the times only, updates the state only', async () => {
      const record = await signIn()
      const before = await fields()
      await store.touch({ ...record, lastSeenAt: START + 5, data: {} }, { now: START + 5 })
      const touched = await fields()
      expect(touched).toEqual({
        ...before,
        [`t:${record.id}`]: `${START} ${START} ${START + 5} ${START + 30 * DAY} ${7 * DAY}`,
      })
      await store.update({ ...record, version: 2, data: { a: 1 } })
      const state = '1|2|{"r":"member","d":{"a":1},"a":"UA","i":"::1"}'
      expect(await fields()).toEqual({ ...touched, [`s:${record.id}`]: state })
    })

    it('leaves the new id, the end of grace and nothing else under a rotated id', async () => {
      const record = await signIn()
      const nextId = newId()
      await store.rotate(record, { nextId, graceEnd: START + 30_000 })
      const { [`r:${record.id}`]: trail, ...rest } = await fields()
      expect(trail).toBe(`${nextId} ${START + 30_000}`)
      expect(Object.keys(rest).sort()).toEqual([`s:${nextId}`, `t:${nextId}`])
    })

    it('holds neither sid nor token nor nonce, and no other key', async () => {
      await signIn()
      await store.read({ userId: 'alice', id: newId() }, { authoritative: true })
      await store.read({ userId: 'nobody', id: newId() }, { authoritative: false })
      expect(
        Object.keys(await fields())
          .map((field) => field.slice(0, 2))
          .sort(),
      ).toEqual(['s:', 't:'])
      expect(await keys(kv)).toEqual([KEY])
    })

    it('leaves nothing behind when the last session ends', async () => {
      await store.destroy(await signIn())
      expect(await keys(kv)).toEqual([])
      await signIn()
      await store.revoke('alice', { except: null, now: START })
      expect(await keys(kv)).toEqual([])
    })
  })

  describe('time to live', () => {
    it('is that of the longest-lived session, never shortened by another one', async () => {
      const ttl = async () => Number(await kv.command('PTTL', KEY))
      await signIn({ idle: DAY })
      expect(await ttl()).toBeLessThanOrEqual(DAY)
      const long = await signIn()
      const short = await signIn({ idle: 1_000 })
      await store.touch({ ...short, lastSeenAt: START + 1 }, { now: START + 1 })
      expect(await ttl()).toBeGreaterThan(7 * DAY - 60_000)
      await store.destroy(long)
      expect(await ttl()).toBeLessThanOrEqual(7 * DAY)
    })

    it('is at least a millisecond, whatever the clocks say', async () => {
      await signIn({ idle: 10, lastSeenAt: START - DAY })
      const ttl = await kv.command('PTTL', KEY)
      expect([1, 0, -2]).toContain(ttl)
    })

    it('is set on every key after any sequence of operations', async () => {
      const step = fc.record({
        operation: fc.constantFrom(
          'create',
          'touch',
          'update',
          'rotate',
          'replace',
          'destroy',
          'revoke',
          'evict',
        ),
        target: fc.nat(5),
        minutes: fc.nat(20_000),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          await kv.command('DEL', KEY)
          const known = [newRecord()]
          for (const { operation, target, minutes } of steps) {
            const now = START + minutes * 60_000
            const record = { ...(known[target % known.length] ?? newRecord()), lastSeenAt: now }
            const nextId = newId()
            switch (operation) {
              case 'create':
              case 'evict': {
                const fresh = newRecord({ createdAt: now, lastSeenAt: now })
                known.push(fresh)
                await store.create(fresh, { ...CREATE, now, limit: operation === 'evict' ? 2 : 100 })
                break
              }
              case 'touch':
                await store.touch(record, { now })
                break
              case 'update':
                await store.update({ ...record, version: record.version + 1 })
                break
              case 'rotate':
              case 'replace':
                known.push({ ...record, id: nextId })
                await store.rotate(
                  { ...record, version: 2 },
                  { nextId, graceEnd: operation === 'rotate' ? now + 30_000 : null },
                )
                break
              case 'destroy':
                await store.destroy(record)
                break
              case 'revoke':
                await store.revoke('alice', { except: target === 0 ? record.id : null, now })
            }
            for (const key of await keys(kv)) {
              const ttl = Number(await kv.command('PTTL', key))
              expect(ttl === -2 || (ttl > 0 && ttl <= 30 * DAY)).toBe(true)
            }
          }
        }),
        { numRuns: 30 },
      )
    })
  })

  describe('cost', () => {
    it.each<[string, (record: SessionRecord) => Promise<unknown>, string]>([
      ['create', () => store.create(newRecord(), { ...CREATE, limit: 1 }), 'EVAL'],
      ['read', (record) => store.read(record, { authoritative: false }), 'HMGET'],
      ['authoritative read', (record) => store.read(record, { authoritative: true }), 'EVAL'],
      ['touch', (record) => store.touch({ ...record, lastSeenAt: START + 1 }, { now: START }), 'EVAL'],
      ['update', (record) => store.update({ ...record, version: 2 }), 'EVAL'],
      ['update in conflict', (record) => store.update({ ...record, version: 9 }), 'EVAL'],
      ['rotate', (record) => store.rotate(record, { nextId: newId(), graceEnd: START }), 'EVAL'],
      [
        'rotate without grace',
        (r) => store.rotate({ ...r, version: 2 }, { nextId: newId(), graceEnd: null }),
        'EVAL',
      ],
      ['destroy', (record) => store.destroy(record), 'EVAL'],
      ['list', () => store.list('alice'), 'EVAL'],
      ['revoke', () => store.revoke('alice', { except: null, now: START }), 'EVAL'],
      [
        'revoke with an exception',
        (record) => store.revoke('alice', { except: record.id, now: START }),
        'EVAL',
      ],
    ])('of %s is one command in one request', async (_, operate, command) => {
      const record = await signIn()
      await signIn()
      kv.resetStats()
      await operate(record)
      expect(kv.stats()).toEqual({ requests: 1, commands: 1, byCommand: { [command]: 1 }, perRequest: [1] })
    })

    it('sends no command twice in the same words, so that no cache can answer it', async () => {
      const record = await signIn()
      kv.clearJournal()
      for (const authoritative of [true, false, true, false]) await store.read(record, { authoritative })
      await store.list('alice')
      await store.list('alice')
      const sent = kv.journal().map(({ command }) => JSON.stringify(command))
      expect([sent.length, new Set(sent).size]).toEqual([6, 6])
    })
  })

  /** Upstash bills them. Only a real Redis counts them. */
  const scripts = () => {
    const ASK = ['INFO', 'commandstats']
    const OF_A_USER: readonly [
      string,
      number,
      (to: SessionStore, record: SessionRecord) => Promise<unknown>,
    ][] = [
      ['create', 7, (to) => to.create(newRecord(), CREATE)],
      [
        'create instead of another session',
        9,
        (to, { id }) => to.create(newRecord(), { ...CREATE, replaces: id }),
      ],
      ['create beyond the limit', 8, (to) => to.create(newRecord(), { ...CREATE, limit: 2 })],
      ['list', 2, (to) => to.list('alice')],
      ['rotate', 8, (to, record) => to.rotate(record, { nextId: newId(), graceEnd: START + DAY })],
      ['revoke', 5, (to) => to.revoke('alice', { except: null, now: START })],
      ['revoke all others', 8, (to, record) => to.revoke('alice', { except: record.id, now: START })],
    ]

    it.each(OF_A_USER)('of %s are %i, whether there are 2 sessions or 60', async (_, most, operate) => {
      for (const sessions of [2, 60]) {
        await kv.command('DEL', KEY)
        let last = await signIn()
        for (let n = 1; n < sessions; n += 1) last = await signIn({ createdAt: START - n })
        // Each leaves a trail, and another one behind the trail.
        for (let n = 0; n < 5; n += 1) await rotated(await signIn())
        expect([sessions, await commandsRunBy((to) => operate(to, last))]).toEqual([sessions, most])
      }
    })

    async function rotated(record: SessionRecord): Promise<void> {
      const [first, second] = [newId(), newId()]
      await store.rotate(record, { nextId: first, graceEnd: START + DAY })
      await store.rotate({ ...record, id: first }, { nextId: second, graceEnd: START + DAY })
    }

    /** In one transaction, so that whoever else uses this Redis is not counted. */
    async function commandsRunBy(operate: (store: SessionStore) => Promise<unknown>): Promise<number> {
      let counted = Number.NaN
      const transport: KVTransport = async (commands) => {
        const response = await fetch(`${kv.url}/multi-exec`, {
          method: 'POST',
          headers: { authorization: `Bearer ${kv.token}` },
          body: JSON.stringify([ASK, ...commands, ASK]),
        })
        const replies = ((await response.json()) as { result: KVReply }[]).map(({ result }) => result)
        // The first question counts as well.
        counted = commandsRun(replies.at(-1)) - commandsRun(replies[0]) - 1
        return replies.slice(1, -1)
      }
      await operate(kvStore({ transport, prefix: 'kv-store-test:', timeout: 10_000 }))
      return counted
    }

    function commandsRun(info: unknown): number {
      const calls = [...String(info).matchAll(/^cmdstat_.*:calls=(\d+)/gm)].map(([, count]) => Number(count))
      return calls.reduce((sum, count) => sum + count, 0)
    }
  }
  if (engine === 'redis') describe('commands inside scripts', scripts)

  it('signs in, lists and signs out a user with more sessions than one command of a script takes', async () => {
    const ids = Array.from({ length: 5_000 }, newId)
    const stored = ids.map((id, n) => [
      `s:${id}`,
      '1|1|{"r":null,"d":{},"a":null,"i":null}',
      `t:${id}`,
      timesAt(n),
    ])
    for (let n = 0; n < ids.length; n += 500)
      await kv.command('HSET', KEY, ...stored.slice(n, n + 500).flat())
    const record = await signIn()
    // The 100 newest of those that were there, and the one that signed in.
    const left = (await store.list('alice')).map(({ id }) => id)
    expect(left.sort()).toEqual([...ids.slice(-99), record.id].sort())
    expect(Object.keys(await fields())).toHaveLength(200)
    expect(await store.revoke('alice', { except: record.id, now: START })).toBe(99)
    expect(Object.keys(await fields()).sort()).toEqual([`s:${record.id}`, `t:${record.id}`])
  })

  function timesAt(n: number): string {
    return `${START - 10_000 + n} ${START} ${START} ${START + DAY} ${DAY}`
  }

  describe('the change feed', () => {
    const FEED = 'changes:kv-store-test:'
    let announcing: SessionStore
    beforeAll(() => {
      announcing = kvStore({
        transport: restTransport(kv),
        prefix: 'kv-store-test:',
        timeout: 10_000,
        changes: true,
      })
    })
    beforeEach(async () => {
      await kv.command('DEL', FEED)
    })
    const length = async () => Number(await kv.command('XLEN', FEED))

    it('lies outside the prefix, where a user called "changes" is not in its way', async () => {
      await announcing.revoke('changes', { except: null, now: START })
      expect(await kv.command('EXISTS', FEED, 'kv-store-test:changes')).toBe(1)
    })

    it('grows by one entry for each change, and by none for what changes nothing', async () => {
      const record = newRecord()
      await announcing.create(record, CREATE)
      await announcing.touch({ ...record, lastSeenAt: START + 1 }, { now: START })
      await announcing.destroy({ userId: 'alice', id: newId() })
      await announcing.update({ ...record, version: 9 })
      expect(await length()).toBe(0)
      await announcing.update({ ...record, version: 2 })
      expect(await length()).toBe(1)
      await announcing.destroy(record)
      expect(await length()).toBe(2)
    })

    it('costs no command of its own', async () => {
      const record = newRecord()
      await announcing.create(record, CREATE)
      const before = kv.stats().requests
      await announcing.destroy(record)
      expect(kv.stats().requests - before).toBe(1)
    })

    it('has readers who missed more than a thousand changes begin anew', async () => {
      const { cursor } = (await announcing.changes?.read(null)) ?? { cursor: '' }
      for (let n = 0; n < 999; n += 1) await kv.command('XADD', FEED, '*', 'k', KEY, 'n', 'x')
      expect((await announcing.changes?.read(cursor))?.userIds).toEqual(['alice'])
      await kv.command('XADD', FEED, '*', 'k', KEY, 'n', 'x')
      expect((await announcing.changes?.read(cursor))?.userIds).toBeNull()
    })

    it('lets go of what is older than ten minutes, and of itself after twenty', async () => {
      for (let n = 1; n <= 250; n += 1) await kv.command('XADD', FEED, `1-${n}`, 'k', KEY, 'n', 'x')
      await announcing.revoke('alice', { except: null, now: START })
      // Redis lets go of whole blocks of a hundred entries.
      expect(await kv.command('XRANGE', FEED, '-', '1-150')).toEqual([])
      expect(Number(await kv.command('PTTL', FEED))).toBeGreaterThan(19 * 60_000)
      expect(Number(await kv.command('PTTL', FEED))).toBeLessThanOrEqual(20 * 60_000)
    })

    it('fails the change that it can not be told of, and says so', async () => {
      await kv.command('SET', FEED, 'not a stream')
      await expect(announcing.revoke('alice', { except: null, now: START })).rejects.toThrow('did not answer')
      await expect(announcing.changes?.read(null)).rejects.toThrow('did not answer "changes"')
      await kv.command('DEL', FEED)
    })
  })

  describe('what it did not write', () => {
    const times = `${START} ${START} ${START} ${START + DAY} ${DAY}`
    const stateOf = (value: string) => `1|1|{"r":null,"d":{"a":${value}},"a":null,"i":null}`
    const good = '1|1|{"r":null,"d":{},"a":null,"i":null}'

    it.each([
      ['no state', '', times],
      ['no format', '{"r":null}', times],
      ['no version', '1|{"r":null,"d":{},"a":null,"i":null}', times],
      ['broken JSON', '1|1|{"r":null,"d":{}', times],
      ['a list for state', '1|1|[]', times],
      ['null for state', '1|1|null', times],
      ['a list for data', '1|1|{"r":null,"d":[],"a":null,"i":null}', times],
      ['no data', '1|1|{"r":null,"a":null,"i":null}', times],
      ['a number for role', '1|1|{"r":1,"d":{},"a":null,"i":null}', times],
      ['deep nesting', stateOf(`${'['.repeat(5_000)}${']'.repeat(5_000)}`), times],
      ['a megabyte', stateOf(`"${'x'.repeat(1_000_000)}"`), times],
      ['no times', good, null],
      ['empty times', good, ''],
      ['too few times', good, '1 2 3 4'],
      ['too many times', good, `${times} 6`],
      ['negative times', good, '1 2 3 4 -5'],
      ['broken times', good, '1 2 x 4 5'],
      ['fractions of times', good, '1 2 3.5 4 5'],
      ['endless times', good, `1 2 3 4 ${'9'.repeat(16)}`],
    ])('is corrupt with %s, left out of the list, and pruned', async (_, state, stored) => {
      const id = newId()
      await kv.command('HSET', KEY, `s:${id}`, state, ...(stored === null ? [] : [`t:${id}`, stored]))
      for (const authoritative of [true, false]) {
        expect(await store.read({ userId: 'alice', id }, { authoritative })).toEqual({ kind: 'corrupt' })
      }
      const record = await signIn()
      expect((await store.list('alice')).map((listed) => listed.id)).toEqual([record.id])
      expect(await store.destroy({ userId: 'alice', id })).toBeTypeOf('boolean')
      expect(Object.keys(await fields()).sort()).toEqual([`s:${record.id}`, `t:${record.id}`])
    })

    it('is no session in a field of another kind, whatever it holds', async () => {
      const record = await signIn()
      await kv.command('HSET', KEY, `x:${record.id}`, good, `t:${newId()}`, times)
      expect(await store.list('alice')).toEqual([record])
    })

    it('is corrupt with a broken trail, and leads nowhere', async () => {
      const id = newId()
      for (const trail of ['', 'x', `${newId()}`, `${newId()} soon`, ' 1', `${newId()} 1 2`]) {
        await kv.command('HSET', KEY, `r:${id}`, trail)
        expect(await store.read({ userId: 'alice', id }, { authoritative: true })).toEqual({
          kind: 'corrupt',
        })
        expect(await store.destroy({ userId: 'alice', id })).toBe(false)
      }
    })

    it('is corrupt where trails lead in a circle, and does not hang', async () => {
      const [a, b] = [newId(), newId()]
      await kv.command('HSET', KEY, `r:${a}`, `${b} 1`, `r:${b}`, `${a} 1`)
      expect(await store.destroy({ userId: 'alice', id: a })).toBe(false)
      expect(await store.revoke('alice', { except: b, now: START })).toBeNull()
    })

    it('is newer when a later version of the package wrote it, and survives sign-ins', async () => {
      const id = newId()
      await kv.command('HSET', KEY, `s:${id}`, '2|whatever', `t:${id}`, 'something else')
      for (const authoritative of [true, false]) {
        expect(await store.read({ userId: 'alice', id }, { authoritative })).toEqual({ kind: 'newer' })
      }
      const { id: own } = await signIn()
      expect((await store.list('alice')).map((listed) => listed.id)).toEqual([own])
      await expect(store.update(newRecord({ id, version: 2 }))).rejects.toThrow('did not answer "update"')
      await store.touch(newRecord({ id, lastSeenAt: START + 1 }), { now: START })
      expect((await fields())[`s:${id}`]).toBe('2|whatever')
      expect((await fields())[`t:${id}`]).toBe('something else')
    })

    it('ends with a revocation, whichever version wrote it', async () => {
      const newer = newId()
      const record = await signIn()
      await kv.command('HSET', KEY, `s:${newer}`, '2|whatever', `t:${newer}`, 'something else')
      await store.revoke('alice', { except: record.id, now: START })
      expect(Object.keys(await fields()).sort()).toEqual([`s:${record.id}`, `t:${record.id}`])
      await kv.command('HSET', KEY, `s:${newer}`, '2|whatever')
      await store.revoke('alice', { except: null, now: START })
      expect(await keys(kv)).toEqual([])
    })

    it.each([
      ['text', ['SET', KEY, 'text']],
      ['a list', ['RPUSH', KEY, 'a']],
      ['a set', ['SADD', KEY, 'a']],
      ['a sorted set', ['ZADD', KEY, 1, 'a']],
    ] as const)(
      'is corrupt where the key is %s, unknown to other mutations, and gone after a sign-in or a revocation',
      async (_, command) => {
        const record = newRecord()
        const [name, ...args] = command
        await kv.command(name, ...args)
        for (const authoritative of [true, false]) {
          expect(await store.read(record, { authoritative })).toEqual({ kind: 'corrupt' })
        }
        const unknown = { code: 'ERR_SESSION_UNKNOWN' }
        await expect(store.touch(record, { now: START })).rejects.toMatchObject(unknown)
        await expect(store.update(record)).rejects.toMatchObject(unknown)
        await expect(store.rotate(record, { nextId: newId(), graceEnd: START })).rejects.toMatchObject(
          unknown,
        )
        await expect(store.rotate(record, { nextId: newId(), graceEnd: null })).rejects.toMatchObject(unknown)
        await expect(store.destroy(record)).rejects.toMatchObject(unknown)
        expect(await store.list('alice')).toEqual([])
        expect(await store.create(record, CREATE)).toEqual({ created: true, evicted: 0 })
        expect(await store.list('alice')).toEqual([record])
        await kv.command('DEL', KEY)
        await kv.command(name, ...args)
        expect(await store.revoke('alice', { except: record.id, now: START })).toBeNull()
        expect(await keys(kv)).toEqual([KEY])
        expect(await store.revoke('alice', { except: null, now: START })).toBe(0)
        expect(await keys(kv)).toEqual([])
      },
    )
  })
}

/** Keys of this suite's prefix: a Redis of `REDIS_URL` may hold others. */
async function keys(kv: LocalKV): Promise<readonly string[]> {
  const found: string[] = []
  let cursor = '0'
  do {
    const reply = await kv.command('SCAN', cursor, 'MATCH', 'kv-store-test:*', 'COUNT', 1_000)
    const [next, page] = Array.isArray(reply) ? reply : ['0', []]
    cursor = String(next)
    if (Array.isArray(page)) found.push(...page.map(String))
  } while (cursor !== '0')
  return found
}
