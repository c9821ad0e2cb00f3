import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type LocalKV, startLocalKV } from '../src/index.ts'
import { failureOf, rest, restText } from './support/rest.ts'

describe('faults', () => {
  let kv: LocalKV

  beforeAll(async () => {
    kv = await startLocalKV({ seed: 7 })
  })
  beforeEach(() => kv.flush())
  afterEach(() => kv.faults.clear())
  afterAll(() => kv.stop())

  const increment = (init: { signal?: AbortSignal } = {}) =>
    fetch(kv.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${kv.token}` },
      body: '["INCR","n"]',
      ...init,
    })
  const applied = async () => Number(await kv.command('GET', 'n'))

  it('delay waits before the command is applied, or before the answer', async () => {
    for (const when of ['before', 'after'] as const) {
      const remove = kv.faults.add({ action: { type: 'delay', ms: 15, when } })
      const start = performance.now()

      expect((await increment()).status).toBe(200)
      expect(performance.now() - start).toBeGreaterThan(13)
      remove()
    }
    expect(await applied()).toBe(2)
  })

  it('hang never answers, and applies the command only when it hangs after', async () => {
    for (const when of ['before', 'after'] as const) {
      kv.faults.add({ action: { type: 'hang', when } })
      await expect(increment({ signal: AbortSignal.timeout(200) })).rejects.toThrow('timeout')
      kv.faults.clear()
    }
    expect(await applied()).toBe(1)
  })

  it('holds many requests at once without a warning', async () => {
    const warnings: string[] = []
    const warned = ({ name }: Error) => warnings.push(name)
    process.on('warning', warned)
    kv.faults.add({ action: { type: 'delay', ms: 15 } })

    await Promise.all(Array.from({ length: 20 }, () => increment()))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', warned)
    expect(warnings).not.toContain('MaxListenersExceededWarning')
    expect(await applied()).toBe(20)
  })

  it('refuse closes the connection without applying', async () => {
    kv.faults.add({ action: { type: 'refuse' } })

    expect(await failureOf(increment())).toBe('UND_ERR_SOCKET')
    expect(await applied()).toBe(0)
  })

  it('reset cuts the connection before or after the command was applied', async () => {
    kv.faults.add({ match: { nth: 1 }, action: { type: 'reset', when: 'before' } })
    expect(await failureOf(increment())).toBe('ECONNRESET')
    expect(await applied()).toBe(0)

    kv.faults.add({ match: { nth: 1 }, action: { type: 'reset', when: 'after' } })
    expect(await failureOf(increment())).toBe('ECONNRESET')
    expect(await applied()).toBe(1)
  })

  it('status answers without applying, or after having applied', async () => {
    kv.faults.add({ match: { nth: 1 }, action: { type: 'status', status: 429 } })
    kv.faults.add({
      match: { nth: 2 },
      action: { type: 'status', status: 502, body: '<html>Bad Gateway</html>' },
    })
    kv.faults.add({ match: { nth: 3 }, action: { type: 'status', status: 500, when: 'after' } })

    const limited = await increment()
    expect(limited.status).toBe(429)
    expect(await limited.json()).toEqual({ error: 'ERR max requests limit exceeded' })
    const gateway = await increment()
    expect(gateway.status).toBe(502)
    expect(gateway.headers.get('content-type')).toContain('text/html')
    expect(gateway.headers.get('upstash-sync-token')).toBeNull()
    expect(await applied()).toBe(0)
    expect((await increment()).status).toBe(500)
    expect(await applied()).toBe(1)
  })

  it.each(['<html></html>', 'garbage', 'null', '{}', '{"result":', '[]', ''])(
    'body answers 200 with %j',
    async (body) => {
      kv.faults.add({ action: { type: 'body', body } })
      const response = await increment()

      expect(response.status).toBe(200)
      expect(await response.text()).toBe(body)
      expect(await applied()).toBe(0)
    },
  )

  it('truncate ends the connection in the middle of the answer', async () => {
    kv.faults.add({ action: { type: 'truncate', at: 5 } })

    expect(await failureOf(increment())).toBe('UND_ERR_SOCKET')
    expect(await applied()).toBe(1)
  })

  it('truncate can also send a well-formed answer that is too short', async () => {
    kv.faults.add({ action: { type: 'truncate', at: 5, framing: 'complete' } })

    expect(await (await increment()).text()).toBe('{"res')
  })

  it('truncate beyond the end changes nothing', async () => {
    kv.faults.add({ action: { type: 'truncate', at: 1000 } })

    expect(await (await increment()).text()).toBe('{"result":1}')
  })

  it('drip sends the whole answer in pieces', async () => {
    kv.faults.add({ action: { type: 'drip', bytes: 4, ms: 2 } })
    const response = await increment()
    const pieces: string[] = []
    for await (const piece of response.body ?? []) pieces.push(new TextDecoder().decode(piece))

    expect(pieces.join('')).toBe('{"result":1}')
    expect(pieces.length).toBeGreaterThan(1)
  })

  it('duplicate applies twice and answers with the result asked for', async () => {
    kv.faults.add({ match: { nth: 1 }, action: { type: 'duplicate' } })
    kv.faults.add({ match: { nth: 2 }, action: { type: 'duplicate', answer: 'second', ms: 1 } })

    expect(await (await increment()).json()).toEqual({ result: 1 })
    expect(await applied()).toBe(2)
    expect(await (await increment()).json()).toEqual({ result: 4 })
  })

  it('duplicate can deliver the second time after the answer', async () => {
    kv.faults.add({ action: { type: 'duplicate', ms: 10 } })

    expect(await (await increment()).json()).toEqual({ result: 1 })
    expect(await applied()).toBe(1)
    await expect.poll(applied, { interval: 5 }).toBe(2)
  })

  it('several rules strike together', async () => {
    kv.faults.add({ action: { type: 'duplicate' } })
    kv.faults.add({ action: { type: 'reset', when: 'after' } })

    expect(await failureOf(increment())).toBe('ECONNRESET')
    expect(await applied()).toBe(2)
  })

  it('strikes pipelines and transactions as one request', async () => {
    kv.faults.add({ match: { command: 'incr', times: 1 }, action: { type: 'status', status: 503 } })
    const body = [
      ['SET', 'k', 'v'],
      ['INCR', 'n'],
    ]

    expect((await rest(kv, { path: '/multi-exec', body })).status).toBe(503)
    expect((await rest(kv, { path: '/multi-exec', body })).status).toBe(200)
    expect(await applied()).toBe(1)
  })

  it('does not touch commands run directly', async () => {
    kv.faults.add({ action: { type: 'refuse' } })

    expect(await kv.command('PING')).toBe('PONG')
  })

  it('removes one rule or all', async () => {
    const remove = kv.faults.add({ action: { type: 'status', status: 500 } })
    kv.faults.add({ match: { command: 'GET' }, action: { type: 'hang' } })
    remove()
    remove()
    expect(kv.faults.list()).toEqual([{ match: { command: 'GET' }, action: { type: 'hang' } }])
    expect((await increment()).status).toBe(200)
    kv.faults.clear()
    expect(kv.faults.list()).toEqual([])
  })

  it.each([
    [{}, 'has no action'],
    [{ action: { type: 'nope' } }, 'fault type nope is not known'],
    [{ action: { type: 'constructor' } }, 'fault type constructor is not known'],
    [{ action: { type: 'delay' } }, 'ms of a delay fault is missing or wrong'],
    [{ action: { type: 'delay', ms: -1 } }, 'ms of a delay fault'],
    [{ action: { type: 'reset' } }, 'when of a reset fault'],
    [{ action: { type: 'refuse', when: 'after' } }, 'a refuse fault has no when'],
    [{ action: { type: 'hang' }, command: 'GET' }, 'a fault rule has no command'],
    [{ action: { type: 'hang' }, match: { kex: 'a' } }, 'match.kex is not known'],
    [{ action: { type: 'hang' }, match: { nth: 0 } }, 'match.nth is wrong'],
    [{ action: { type: 'hang' }, match: { probability: 2 } }, 'match.probability is wrong'],
    [{ action: { type: 'hang' }, match: { key: '[z-a]' } }, 'match.key is wrong. It must be a glob pattern'],
    [{ action: { type: 'hang' }, match: { key: 7 } }, 'match.key is wrong'],
    [{ action: { type: 'hang' }, match: 'GET' }, 'match is not an object'],
  ])('refuses the rule %j', (rule, message) => {
    expect(() => kv.faults.add(rule as never)).toThrow(message)
    expect(kv.faults.list()).toEqual([])
  })

  it('notes in the journal what struck and what was applied', async () => {
    kv.clearJournal()
    kv.faults.add({ match: { nth: 1 }, action: { type: 'reset', when: 'after' } })
    kv.faults.add({ match: { nth: 2 }, action: { type: 'status', status: 500 } })
    kv.faults.add({ match: { nth: 3 }, action: { type: 'duplicate' } })
    await failureOf(increment())
    await increment()
    await increment()
    await restText(kv, 'GET', 'n')

    expect(kv.journal()).toMatchObject([
      { command: ['INCR', 'n'], applied: 1, servedBy: 'primary', faults: ['reset'], status: null },
      { command: ['INCR', 'n'], applied: 0, servedBy: null, faults: ['status'], status: 500 },
      { command: ['INCR', 'n'], applied: 2, servedBy: 'primary', faults: ['duplicate'], status: 200 },
      { command: ['GET', 'n'], applied: 1, servedBy: 'primary', faults: [], status: 200 },
    ])
  })
})
