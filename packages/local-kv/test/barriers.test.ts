import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Barrier, type LocalKV, startLocalKV } from '../src/index.ts'
import { rest, restText } from './support/rest.ts'

describe('barrier()', () => {
  let kv: LocalKV
  let barrier: Barrier | undefined

  beforeAll(async () => {
    kv = await startLocalKV()
  })
  beforeEach(() => kv.flush())
  afterEach(() => barrier?.release())
  afterAll(() => kv.stop())

  it('holds a command before it is applied until released', async () => {
    barrier = kv.barrier({ command: 'SET', key: 'k' })
    const write = restText(kv, 'SET', 'k', 'v')

    expect(await barrier.held).toEqual([['SET', 'k', 'v']])
    expect(barrier.waiting()).toBe(1)
    expect(await restText(kv, 'GET', 'k')).toBe('{"result":null}')
    barrier.release()
    expect(await write).toBe('{"result":"OK"}')
    expect(barrier.waiting()).toBe(0)
  })

  it('holds the answer of a command that was applied', async () => {
    barrier = kv.barrier({ command: 'GET' }, 'after')
    await kv.command('SET', 'k', 'old')
    const read = restText(kv, 'GET', 'k')
    await barrier.held
    await kv.command('SET', 'k', 'new')
    barrier.release()

    expect(await read).toBe('{"result":"old"}')
  })

  it('lets held requests go on in the order they came and holds no more', async () => {
    barrier = kv.barrier({ command: 'RPUSH' })
    const first = restText(kv, 'RPUSH', 'list', 'a')
    await barrier.held
    const second = restText(kv, 'RPUSH', 'list', 'b')
    await expect.poll(barrier.waiting, { interval: 2 }).toBe(2)
    barrier.release()
    await Promise.all([first, second, restText(kv, 'RPUSH', 'list', 'c')])

    expect(await kv.command('LRANGE', 'list', 0, 1)).toEqual(['a', 'b'])
  })

  it('holds only as many as the match allows', async () => {
    barrier = kv.barrier({ command: 'INCR', times: 1 })
    const held = restText(kv, 'INCR', 'n')
    await barrier.held

    expect(await restText(kv, 'INCR', 'n')).toBe('{"result":1}')
    barrier.release()
    expect(await held).toBe('{"result":2}')
  })

  it('applies the commands of a client that gave up', async () => {
    barrier = kv.barrier({ command: 'SET' })
    const controller = new AbortController()
    const write = fetch(`${kv.url}/set/k/late`, {
      headers: { authorization: `Bearer ${kv.token}` },
      signal: controller.signal,
    })
    await barrier.held
    controller.abort()
    await expect(write).rejects.toThrow()
    barrier.release()

    await expect.poll(() => kv.command('GET', 'k'), { interval: 2 }).toBe('late')
  })

  it('holds a transaction as a whole', async () => {
    barrier = kv.barrier({ key: 'b' })
    const transaction = rest(kv, {
      path: '/multi-exec',
      body: [
        ['SET', 'a', '1'],
        ['SET', 'b', '1'],
      ],
    })
    await barrier.held

    expect(await kv.command('EXISTS', 'a')).toBe(0)
    barrier.release()
    expect((await transaction).status).toBe(200)
  })

  it('refuses a malformed match', () => {
    expect(() => kv.barrier({ nth: 0 })).toThrow('match.nth is wrong')
  })
})
