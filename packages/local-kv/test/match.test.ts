import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type FaultAction, type LocalKV, startLocalKV } from '../src/index.ts'
import { rest } from './support/rest.ts'

describe('match', () => {
  let kv: LocalKV

  beforeAll(async () => {
    kv = await startLocalKV()
  })
  afterEach(() => kv.faults.clear())
  afterAll(() => kv.stop())

  const struck = async (...commands: (readonly string[])[]) => {
    const results: boolean[] = []
    for (const command of commands) results.push((await rest(kv, { body: command })).status === 418)
    return results
  }
  const action: FaultAction = { type: 'status', status: 418 }

  it('chooses by command', async () => {
    kv.faults.add({ match: { command: ['get', 'HMGET'] }, action })

    expect(await struck(['GET', 'a'], ['hmget', 'a', 'b'], ['SET', 'a', 'b'])).toEqual([true, true, false])
  })

  it.each([
    ['sess:*', ['GET', 'sess:a'], true],
    ['sess:*', ['GET', 'xsess:a'], false],
    ['sess:*', ['SET', 'other', 'sess:a'], false],
    ['s?ss', ['GET', 'sass'], true],
    ['s[ae]ss', ['GET', 'soss'], false],
    ['s[^a]ss', ['GET', 'soss'], true],
    ['a\\*', ['GET', 'ab'], false],
    ['a.c', ['GET', 'abc'], false],
    [/^b/g, ['MGET', 'a', 'b'], true],
    ['k2', ['EVAL', 'return 1', '2', 'k1', 'k2', 'argument'], true],
    ['argument', ['EVAL', 'return 1', '2', 'k1', 'k2', 'argument'], false],
    ['b', ['MSET', 'a', 'x', 'b', 'y'], true],
    ['x', ['MSET', 'a', 'x', 'b', 'y'], false],
    ['b', ['RENAME', 'a', 'b'], true],
    ['out', ['ZUNIONSTORE', 'out', '1', 'in'], true],
    ['in', ['ZUNIONSTORE', 'out', '1', 'in'], true],
    ['g', ['XINFO', 'STREAM', 'g'], true],
    ['s', ['XREAD', 'COUNT', '1', 'STREAMS', 's', '0'], true],
    ['*', ['PING'], false],
  ])('compares the key pattern %s with the keys of %j', async (key, command, expected) => {
    kv.faults.add({ match: { key }, action })

    expect(await struck(command)).toEqual([expected])
  })

  it('counts fitting requests for nth, every and times', async () => {
    const reads = [1, 2, 3, 4].map(() => ['GET', 'a'])
    const remove = kv.faults.add({ match: { command: 'GET', nth: 2 }, action })
    expect(await struck(['SET', 'a', 'b'], ...reads)).toEqual([false, false, true, false, false])
    remove()
    kv.faults.add({ match: { command: 'GET', every: 2 }, action })
    expect(await struck(...reads)).toEqual([false, true, false, true])
    kv.faults.clear()
    kv.faults.add({ match: { times: 2 }, action })
    expect(await struck(...reads)).toEqual([true, true, false, false])
  })

  it('draws the same probabilities from the same seed', async () => {
    const commands = Array.from({ length: 20 }, () => ['PING'])
    const draw = async (seed: number) => {
      const other = await startLocalKV({ seed })
      other.faults.add({ match: { probability: 0.5 }, action })
      const results: boolean[] = []
      for (const body of commands) results.push((await rest(other, { body })).status === 418)
      await other.stop()
      return results
    }

    expect(await draw(3)).toEqual(await draw(3))
    expect(await draw(3)).not.toEqual(await draw(4))
  })
})
