import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type LocalKV, startLocalKV } from '../src/index.ts'
import { describeOn, engines } from './support/engines.ts'
import { answerOf, rest, restText } from './support/rest.ts'

describeOn(engines(9))('the REST protocol on $engine', ({ options }) => {
  let kv: LocalKV

  beforeAll(async () => {
    kv = await startLocalKV({ ...options, token: 'full' })
  })
  beforeEach(() => kv.flush())
  afterAll(() => kv.stop())

  it.each([
    [['SET', 'k', 'v'], '{"result":"OK"}'],
    [['GET', 'missing'], '{"result":null}'],
    [['INCRBY', 'n', '9223372036854775807'], '{"result":9223372036854775807}'],
    [['SET', 'k', 'v', 'PX', 5000], '{"result":"OK"}'],
    [['HSET', 'h', 'a', 1, 'b', true], '{"result":2}'],
    [['HMGET', 'h', 'a'], '{"result":[null]}'],
    [['EVAL', 'return {1,{"OK",ARGV[1]},false}', 0, 'x'], '{"result":[1,["OK","x"],null]}'],
    [['EVAL', '#!lua flags=allow-key-locking\nreturn KEYS[1]', 1, 'k'], '{"result":"k"}'],
    [['EVAL_RO', 'return redis.call("EXISTS", KEYS[1])', 1, 'k'], '{"result":0}'],
    [['SET', 'k', null], '{"result":"OK"}'],
    [['ECHO', 'grüße'], '{"result":"grüße"}'],
    [['PING'], '{"result":"PONG"}'],
    [['FLUSHALL'], '{"result":"OK"}'],
  ])('answers %j with %s', async (command, expected) => {
    const response = await rest(kv, { body: command })

    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.text()).toBe(expected)
  })

  it('stores a JSON null as the text null and an object as JSON', async () => {
    await restText(kv, 'SET', 'null', null)
    await restText(kv, 'SET', 'object', { a: [1] })

    expect(await kv.command('GET', 'null')).toBe('null')
    expect(await kv.command('GET', 'object')).toBe('{"a":[1]}')
  })

  it('encodes every string but a top-level OK in base64 when asked to', async () => {
    const encoded = async (...command: string[]) =>
      (await rest(kv, { body: command, headers: { 'upstash-encoding': 'base64' } })).text()

    expect(await encoded('SET', 'k', 'ÿ')).toBe('{"result":"OK"}')
    expect(await encoded('GET', 'k')).toBe(`{"result":"${Buffer.from('ÿ').toString('base64')}"}`)
    expect(await encoded('EVAL', 'return {"OK",{"a"},7}', '0')).toBe('{"result":["T0s=",["YQ=="],7]}')
    expect(await encoded('PING')).toBe('{"result":"UE9ORw=="}')
  })

  it('answers in RESP2 when asked to', async () => {
    const headers = { 'upstash-response-format': 'resp2' }

    expect(await (await rest(kv, { body: ['SET', 'k', 'v'], headers })).text()).toBe('+OK\r\n')
    expect(
      await (
        await rest(kv, {
          path: '/pipeline',
          body: [
            ['GET', 'k'],
            ['GET', 'x'],
          ],
          headers,
        })
      ).text(),
    ).toBe('*2\r\n$1\r\nv\r\n$-1\r\n')
  })

  it('takes commands in the path, with the body and the query as last arguments', async () => {
    expect(await (await rest(kv, { method: 'GET', path: '/set/a%2Fb/c%20d' })).json()).toEqual({
      result: 'OK',
    })
    expect(await kv.command('GET', 'a/b')).toBe('c d')
    await rest(kv, {
      path: '/set/k?EX=100&NX&_token=full',
      body: 'from the body',
      headers: { authorization: '' },
    })
    expect(await kv.command('GET', 'k')).toBe('from the body')
    expect(await kv.command('TTL', 'k')).toBe(100)
    expect(await (await fetch(`${kv.url}/get/k?_token=full`)).json()).toEqual({ result: 'from the body' })
  })

  it('answers each command of a pipeline on its own', async () => {
    const response = await rest(kv, {
      path: '/pipeline',
      body: [['SET', 'k', 'v'], ['HGET', 'k', 'f'], ['MULTI'], ['GET', 'k']],
    })

    expect(response.status).toBe(200)
    expect(await response.json()).toEqual([
      { result: 'OK' },
      { error: 'WRONGTYPE Operation against a key holding the wrong kind of value' },
      { error: expect.stringContaining("not available: 'MULTI'") },
      { result: 'v' },
    ])
  })

  it('runs a transaction as one and reports errors of its commands one by one', async () => {
    const response = await rest(kv, {
      path: '/multi-exec',
      body: [
        ['SET', 'k', 'v'],
        ['INCR', 'k'],
        ['GET', 'k'],
      ],
    })

    expect(response.status).toBe(200)
    expect(await response.json()).toEqual([
      { result: 'OK' },
      { error: 'ERR value is not an integer or out of range' },
      { result: 'v' },
    ])
  })

  it.each([
    [
      [
        ['SET', 'k', 'v'],
        ['SET', 'k'],
      ],
      'EXECABORT',
    ],
    [
      [
        ['SET', 'k', 'v'],
        ['WATCH', 'k'],
      ],
      'EXECABORT',
    ],
  ])('discards the transaction %j as a whole', async (body, code) => {
    const response = await rest(kv, { path: '/multi-exec', body })

    expect(response.status).toBe(400)
    expect((await answerOf(response)).error).toMatch(code)
    expect(await kv.command('EXISTS', 'k')).toBe(0)
  })

  it.each([
    ['MULTI'],
    ['WATCH', 'k'],
    ['subscribe', 'c'],
    ['BLPOP', 'k', '0'],
    ['XREAD', 'BLOCK', '0', 'STREAMS', 's', '$'],
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['SHUTDOWN'],
    ['SELECT', '1'],
    ['COPY', 'a', 'b', 'DB', '1'],
    ['CLIENT', 'REPLY', 'OFF'],
  ])('keeps %s away from the shared connection', async (...command) => {
    const response = await rest(kv, { body: command })

    expect(response.status).toBe(400)
    expect((await answerOf(response)).error).toMatch(/^ERR Command is not available/)
    expect(await restText(kv, 'PING')).toBe('{"result":"PONG"}')
  })

  it('keeps the SHA-1 of the full text of a script with a shebang', async () => {
    const script = '#!lua flags=allow-key-locking\nreturn "hi"'
    const { result: sha } = await answerOf(rest(kv, { body: ['SCRIPT', 'LOAD', script] }))

    expect(sha).toBe('c18eea1d760120364da415245f2875f8fa478311')
    expect(await restText(kv, 'SCRIPT', 'EXISTS', sha)).toBe('{"result":[1]}')
    expect(await restText(kv, 'EVALSHA', sha, 0)).toBe('{"result":"hi"}')
    await restText(kv, 'SCRIPT', 'FLUSH')
    expect(await restText(kv, 'EVALSHA', sha, 0)).toMatch(/^\{"error":"NOSCRIPT/)
  })

  it('sends a new sync token with every answer, errors included', async () => {
    const responses = [
      await rest(kv, { body: ['SET', 'k', 'v'] }),
      await rest(kv, { body: ['GET', 'k'] }),
      await rest(kv, { body: ['NOPE'] }),
      await rest(kv, { body: 'not json' }),
      await rest(kv, { method: 'DELETE' }),
      await fetch(kv.url),
    ]
    const tokens = responses.map((response) => response.headers.get('upstash-sync-token'))

    expect(tokens).not.toContain(null)
    expect(new Set(tokens).size).toBe(tokens.length)
  })

  it('passes on what is published to a subscriber', async () => {
    const response = await rest(kv, { path: '/subscribe/news' })
    const events = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let seen = (await events?.read())?.value ?? ''
    await restText(kv, 'PUBLISH', 'news', 'hello,\u2028you\r\nthere')
    while (!seen.includes('there')) seen += (await events?.read())?.value ?? ''
    await events?.cancel()

    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(seen).toBe('data: subscribe,news,1\n\ndata: message,news,hello,\u2028you\ndata: there\n\n')
  })
})
