import { type LocalKV, startLocalKV } from 'local-kv'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kvStore } from '../src/lib/kv-store.ts'
import { type KVCommand, KVError, type KVReply, type KVTransport } from '../src/lib/kv-transport.ts'
import type { ChangeFeed, SessionStore } from '../src/lib/session-store.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { newRecord, START } from './support/records.ts'

const CREATE = { now: START, limit: 100, whenFull: 'evict-oldest', replaces: null } as const

let kv: LocalKV
beforeAll(async () => {
  kv = await startLocalKV()
})
afterAll(() => kv.stop())
beforeEach(() => kv.flush())

/** As the nodes of a Redis Cluster: none of them runs a script whose keys are not all its own. */
function cluster(refusal = new KVError('reply', 'CROSSSLOT')) {
  const sent: KVCommand[] = []
  const send = restTransport(kv)
  const transport: KVTransport = async (commands, options) => {
    sent.push(...commands)
    if (commands.some(([name, , keys]) => name === 'EVAL' && keys === '2')) throw refusal
    return send(commands, options)
  }
  return { store: kvStore({ transport, changes: true, timeout: 10_000 }), sent }
}

function feedOf({ changes }: SessionStore): ChangeFeed {
  if (changes === undefined) throw new Error('the store has no change feed.')
  return changes
}

function feedAnswering(reply: unknown, prefix = 'session:'): ChangeFeed {
  return feedOf(kvStore({ transport: async () => [reply as KVReply], changes: true, prefix }))
}

describe('a change where session and feed are on different nodes', () => {
  it('is made, then announced, and tried in one step only once', async () => {
    const { store, sent } = cluster()
    const feed = feedOf(store)
    const [one, other] = [newRecord(), newRecord({ userId: 'bob' })]
    await store.create(one, CREATE)
    expect(sent.map(([, , keys]) => keys)).toEqual(['2', '1', '1'])
    await store.create(other, CREATE)
    expect(sent).toHaveLength(5)
    const { cursor } = await feed.read(null)
    expect(await store.destroy(one)).toBe(true)
    expect(await feed.read(cursor)).toMatchObject({ userIds: ['alice'] })
    expect(await store.list('alice')).toEqual([])
    expect(await store.list('bob')).toEqual([other])
  })

  it('is announced also when there was none: an earlier try may have made it', async () => {
    const { store } = cluster()
    const { cursor } = await feedOf(store).read(null)
    expect(await store.destroy(newRecord())).toBe(false)
    expect(await feedOf(store).read(cursor)).toMatchObject({ userIds: ['alice'] })
  })

  it.each([new KVError('timeout'), new KVError('reply', 'OOM'), new KVError('network')])(
    'is not made in two steps for another reason: %s',
    async (failure) => {
      const { store, sent } = cluster(failure)
      await expect(store.destroy(newRecord())).rejects.toMatchObject({ operation: 'destroy' })
      await expect(store.destroy(newRecord())).rejects.toMatchObject({ operation: 'destroy' })
      expect(sent.map(([, , keys]) => keys)).toEqual(['2', '2'])
    },
  )
})

describe('the answer to a reading of the feed', () => {
  it.each<[string, unknown]>([
    ['no list', 'OK'],
    ['an empty list', []],
    ['no cursor', [0]],
    ['a cursor that is no text', [0, null]],
    ['a cursor that is a number', [1, 7]],
    ['a key that is no text', [1, '1-1 x', 7]],
    ['changes before a beginning', [0, '1-1 x', 'session:alice']],
    ['an odd first word', [2, '1-1 x']],
    ['an odd first word before changes', ['1', '1-1 x', 'session:alice']],
  ])('with %s leaves it unknown what changed', async (_, reply) => {
    await expect(feedAnswering(reply).read('1-1 x')).rejects.toMatchObject({
      code: 'ERR_SESSION_UNKNOWN',
      operation: 'changes',
      reason: 'protocol',
    })
  })

  it('names the users of the prefix, each once, and nobody for other keys', async () => {
    const keys = ['', 'session:alice', 'other:bob', 'session:', 'session:carol', 'session:alice']
    expect(await feedAnswering([1, '2-1 x', ...keys]).read('1-1 x')).toEqual({
      cursor: '2-1 x',
      userIds: ['alice', '', 'carol'],
    })
    expect(await feedAnswering([0, '2-1 x']).read(null)).toEqual({ cursor: '2-1 x', userIds: null })
  })
})

describe('cursors', () => {
  it.each([
    ['1-1 a f', '2-1 b f'],
    ['9-1 a f', '10-1 b f'],
    ['1-9 a f', '2-1 b f'],
    ['1-1 a f', '1-2 b f'],
    ['1-9 a f', '1-10 b f'],
    ['gone', '0-0 b '],
  ])('stand in the order of the feed: %j before %j', (one, other) => {
    const { precedes } = feedAnswering([])
    expect([precedes(one, other), precedes(other, one)]).toEqual([true, false])
  })

  it.each(['1-1 a other', '9-9 a other', '9-9 a ', '', 'gone', 'x5-5 a f', '5-5'])(
    'say nothing of the feed that are none of its own: %j stands before all, and all before it',
    (cursor) => {
      const { precedes } = feedAnswering([])
      expect([precedes(cursor, '1-1 a f'), precedes('1-1 a f', cursor)]).toEqual([true, true])
    },
  )

  it.each(['1-1 a f', 'gone'])('do not stand before themselves: %j', (cursor) => {
    expect(feedAnswering([]).precedes(cursor, cursor)).toBe(false)
  })
})

describe('a prefix', () => {
  it('may end with what a feed begins with, and not begin with it', () => {
    expect(() => feedAnswering([], 'app:changes:')).not.toThrow()
    expect(() => feedAnswering([], 'changes:app:')).toThrow('"prefix" must not begin with "changes:"')
  })
})
