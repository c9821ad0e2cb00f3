import { describe, expect, it } from 'vitest'
import { createKVConnection } from '../src/lib/kv-connection.ts'
import { KVError } from '../src/lib/kv-transport.ts'
import { startInstance } from './support/instance.ts'
import { visit } from './support/visit.ts'

const LIMITED = new KVError('limited')

let answer: 1 | Error
let now: number
let sent: number

function connect() {
  ;[answer, now, sent] = [LIMITED, 1_000_000, 0]
  const kv = createKVConnection({
    now: () => now,
    transport: async () => {
      sent += 1
      if (answer === 1) return [1]
      throw answer
    },
  })
  /** What so many calls come to, one after the other, and how many of them reached KV. */
  return async (times: number) => {
    const before = sent
    const heard = new Set<unknown>()
    for (let n = 0; n < times; n += 1)
      heard.add(
        await kv.call('read', { name: 'HMGET', userId: 'alice', args: [] }).catch(({ reason }) => reason),
      )
    return { heard: [...heard], sent: sent - before }
  }
}

describe('KV that is asked too often', () => {
  it('is left alone after five refusals in a row; what is asked meanwhile is not known', async () => {
    const call = connect()
    expect(await call(20)).toEqual({ heard: ['limited'], sent: 5 })
  })

  it('is asked once each half second from then on, until it answers', async () => {
    const call = connect()
    await call(5)
    for (let turn = 0; turn < 3; turn += 1) {
      now += 499
      expect(await call(3)).toEqual({ heard: ['limited'], sent: 0 })
      now += 1
      expect(await call(3)).toEqual({ heard: ['limited'], sent: 1 })
    }
    answer = 1
    now += 500
    expect(await call(3)).toEqual({ heard: [1], sent: 3 })
    answer = LIMITED
    now += 2_000
    expect(await call(20)).toEqual({ heard: ['limited'], sent: 5 })
  })

  it('is asked by one call alone while that one waits for its answer', async () => {
    let give: (reply: readonly [1]) => void = () => {}
    let calls = 0
    let at = 0
    const kv = createKVConnection({
      now: () => at,
      transport: () => {
        calls += 1
        return calls <= 5 ? Promise.reject(LIMITED) : new Promise((resolve) => (give = resolve))
      },
    })
    const read = () => kv.call('read', { name: 'HMGET', userId: 'alice', args: [] })
    for (let n = 0; n < 5; n += 1) await read().catch(() => {})
    at += 500
    const probe = read()
    await expect(read()).rejects.toMatchObject({ reason: 'limited' })
    give([1])
    expect([await probe, calls]).toEqual([1, 6])
  })

  it('is asked on when refusals are not in a row', async () => {
    const call = connect()
    for (const other of [new KVError('timeout'), new Error('x'), 1] as const) {
      answer = LIMITED
      expect((await call(4)).sent).toBe(4)
      answer = other
      expect((await call(1)).sent).toBe(1)
    }
  })

  it('is asked on while it has answered within two seconds', async () => {
    const call = connect()
    for (let window = 0; window < 3; window += 1) {
      answer = 1
      await call(1)
      answer = LIMITED
      now += 1_999
      expect((await call(20)).sent).toBe(20)
    }
    now += 1
    expect((await call(20)).sent).toBe(1)
  })

  it('stays alone whatever comes of calls from before, unless it is an answer', async () => {
    const results: ((result: readonly [1] | Error) => void)[] = []
    const kv = createKVConnection({
      now: () => 1,
      transport: () =>
        new Promise((resolve, reject) => {
          results.push((result) => (result instanceof Error ? reject(result) : resolve(result)))
        }),
    })
    const read = () =>
      kv.call('read', { name: 'HMGET', userId: 'alice', args: [] }).catch(({ reason }) => reason)
    const calls = Array.from({ length: 7 }, read)
    for (const settle of results.slice(0, 5)) settle(LIMITED)
    await Promise.all(calls.slice(0, 5))
    results[5]?.(new KVError('timeout'))
    expect([await calls[5], await read(), results.length]).toEqual(['timeout', 'limited', 7])
    results[6]?.([1])
    await calls[6]
    const next = read()
    results[7]?.([1])
    expect(await next).toBe(1)
  })

  it('is asked on when it fails in any other way', async () => {
    const call = connect()
    for (const kind of ['timeout', 'network', 'status', 'protocol', 'reply'] as const) {
      answer = new KVError(kind)
      expect((await call(20)).sent).toBe(20)
    }
  })

  it('is not left alone for longer where the clock steps back', async () => {
    const call = connect()
    await call(5)
    now -= 3_600_000
    expect((await call(1)).sent).toBe(1)
  })
})

describe('an instance whose KV is asked too often', () => {
  it.each([
    ['429 Too Many Requests', { type: 'status', status: 429, body: '<html>' }],
    [
      'a quota that is used up',
      { type: 'status', status: 400, body: '{"error":"ERR max requests limit exceeded."}' },
    ],
    [
      'a quota of the day',
      { type: 'body', body: '{"error":"ERR max daily request limit exceeded. Limit: 10000"}' },
    ],
  ] as const)(
    'answers 503 and sends five requests for twenty visits, then one each half second: %s',
    async (_, action) => {
      const app = await startInstance({ protect: { routes: ['/dashboard'] } })
      const token = await app.signIn('alice')
      app.clock.now += 2_000
      const visits = async (times: number) => {
        app.kv.clearJournal()
        const statuses = new Set<number>()
        for (let n = 0; n < times; n += 1)
          statuses.add((await visit(app.proxy, '/dashboard', { token })).response.status)
        return { statuses: [...statuses], sent: app.kv.journal().length }
      }
      const mend = app.kv.faults.add({ action })
      expect(await visits(20)).toEqual({ statuses: [503], sent: 5 })
      expect(app.events.map((event) => 'reason' in event && event.reason)).toContain('limited')
      app.clock.now += 500
      expect(await visits(20)).toEqual({ statuses: [503], sent: 1 })
      mend()
      app.clock.now += 500
      expect(await visits(3)).toEqual({ statuses: [200], sent: 3 })
      await app.stop()
    },
  )
})
