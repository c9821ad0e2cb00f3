import { Redis } from '@upstash/redis'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type LocalKV, startLocalKV } from '../src/index.ts'
import { describeOn, engines } from './support/engines.ts'
import { answerOf, rest } from './support/rest.ts'

describeOn(engines(12))('the lagging replica on $engine', ({ options }) => {
  let kv: LocalKV

  const start = async (replicaLag: number | 'manual') => {
    kv = await startLocalKV({ ...options, replicaLag })
    await kv.flush()
  }
  const send = async (command: readonly unknown[], syncToken = '') => {
    const response = await rest(kv, { body: command, headers: { 'upstash-sync-token': syncToken } })
    const { result } = await answerOf(response)
    return { result, token: response.headers.get('upstash-sync-token') ?? '' }
  }
  const read = async (command: readonly unknown[], syncToken = '') => (await send(command, syncToken)).result

  beforeEach(() => start('manual'))
  afterEach(() => kv.stop())

  it('shows reads the data as it was, and scripts and writes the data as it is', async () => {
    await send(['HSET', 'h', 'a', '1'])
    await kv.replica.catchUp()
    await send(['HSET', 'h', 'a', '2', 'b', '2'])
    await send(['SET', 'new', 'x'])

    expect(await read(['HGETALL', 'h'])).toEqual(['a', '1'])
    expect(await read(['HMGET', 'h', 'a', 'b'])).toEqual(['1', null])
    expect(await read(['EXISTS', 'new'])).toBe(0)
    expect(await read(['KEYS', '*'])).toEqual(['h'])
    expect(await read(['EVAL_RO', 'return redis.call("HGET", KEYS[1], "a")', 1, 'h'])).toBe('1')
    expect(await read(['EVAL', 'return redis.call("HGET", KEYS[1], "a")', 1, 'h'])).toBe('2')
    expect(await read(['HINCRBY', 'h', 'a', 1])).toBe(3)
    // EVAL counts as a write.
    expect(kv.replica.behind()).toBe(4)
    await kv.replica.catchUp()
    expect(kv.replica.behind()).toBe(0)
    expect(await read(['HGETALL', 'h'])).toEqual(['a', '3', 'b', '2'])
  })

  it('shows the primary to whoever brings the sync token of a write it has not seen', async () => {
    const { token } = await send(['SET', 'k', '1'])

    expect(await read(['GET', 'k'])).toBeNull()
    const own = await send(['GET', 'k'], token)
    expect(own.result).toBe('1')
    expect(await read(['GET', 'k'], own.token)).toBe('1')
    expect(await read(['GET', 'k'], 'nonsense')).toBeNull()
    const other = await startLocalKV()
    expect(await read(['GET', 'k'], (await rest(other)).headers.get('upstash-sync-token') ?? '')).toBeNull()
    await other.stop()
  })

  it('does not lift the sync token of a read above what the read has seen', async () => {
    await send(['SET', 'k', '1'])
    const { token } = await send(['GET', 'k'])

    expect(await read(['GET', 'k'], token)).toBeNull()
  })

  it('lets the official client read its own writes, and another one not', async () => {
    const config = { url: kv.url, token: kv.token }
    const writer = new Redis(config)
    await writer.set('k', 'v')

    expect(await writer.get('k')).toBe('v')
    expect(await new Redis(config).get('k')).toBeNull()
  })

  it('shows every write after its lag has passed, by the clock of Date.now', async () => {
    await kv.stop()
    await start(5000)
    const now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(now)
    try {
      await send(['SET', 'k', '1'])
      clock.mockReturnValue(now + 3000)
      await send(['SET', 'k', '2'])

      expect(await read(['GET', 'k'])).toBeNull()
      clock.mockReturnValue(now + 5000)
      expect(await read(['GET', 'k'])).toBe('1')
      clock.mockReturnValue(now + 8000)
      expect(await read(['GET', 'k'])).toBe('2')
    } finally {
      clock.mockRestore()
    }
  })

  it('is exact for deletions, renames, lifetimes, flushes and every type', async () => {
    await send(['SET', 'gone', 'x'])
    await send(['SET', 'from', 'x', 'PX', 100_000])
    await send(['RPUSH', 'list', 'a', 'b'])
    await send(['ZADD', 'zset', '1.5', 'm'])
    await kv.replica.catchUp()
    await send(['DEL', 'gone'])
    await send(['RENAME', 'from', 'to'])
    await send(['PEXPIRE', 'zset', 50_000])
    await send(['EVAL', 'redis.call("LPOP", KEYS[1]) return 1', 1, 'list'])
    expect(await read(['EXISTS', 'gone', 'from', 'list', 'zset', 'to'])).toBe(4)
    expect(await read(['PTTL', 'zset'])).toBe(-1)
    await kv.replica.catchUp()

    expect(await read(['EXISTS', 'gone', 'from'])).toBe(0)
    expect(await read(['PTTL', 'to'])).toBeGreaterThan(90_000)
    expect(await read(['PTTL', 'zset'])).toBeGreaterThan(40_000)
    expect(await read(['LRANGE', 'list', 0, -1])).toEqual(['b'])
    await send(['FLUSHDB'])
    expect(await read(['DBSIZE'])).toBe(3)
    await send(['SET', 'after', 'flush'])
    await kv.replica.catchUp()
    expect(await read(['KEYS', '*'])).toEqual(['after'])
  })

  it('applies a transaction as one', async () => {
    await rest(kv, {
      path: '/multi-exec',
      body: [
        ['SET', 'a', '1'],
        ['SET', 'b', '1'],
        ['SET', 'a', '2'],
      ],
    })

    expect(await read(['MGET', 'a', 'b'])).toEqual([null, null])
    expect(kv.replica.behind()).toBe(1)
    await kv.replica.catchUp()
    expect(await read(['MGET', 'a', 'b'])).toEqual(['2', '1'])
  })

  it('answers a pipeline with a write in it from the primary', async () => {
    const response = await rest(kv, {
      path: '/pipeline',
      body: [
        ['SET', 'k', 'v'],
        ['GET', 'k'],
      ],
    })

    expect(await response.json()).toEqual([{ result: 'OK' }, { result: 'v' }])
    expect(kv.journal().map((entry) => entry.servedBy)).toEqual(['primary', 'primary'])
    await read(['GET', 'k'])
    expect(kv.journal().at(-1)?.servedBy).toBe('replica')
  })

  it('starts from the data that is there and sees direct commands', async () => {
    await kv.stop()
    kv = await startLocalKV(options)
    await kv.flush()
    for (let key = 0; key < 30; key += 1) await kv.command('SET', `k${key}`, key)
    const remove = kv.faults.add({ match: { command: 'MGET' }, action: { type: 'lag', ms: 'manual' } })
    await kv.command('SET', 'k0', 'new')

    expect(await read(['DBSIZE'])).toBe(30)
    expect(await read(['MGET', 'k0', 'k29'])).toEqual(['0', '29'])
    expect(await read(['GET', 'k0'])).toBe('new')
    remove()
    expect(await read(['MGET', 'k0', 'k29'])).toEqual(['new', '29'])
  })
})
