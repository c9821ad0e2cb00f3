import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { KVCommand } from '../src/lib/kv-transport.ts'
import { restTransport } from '../src/lib/transports/rest.ts'

const READ: KVCommand = ['HMGET', 'k', 'f']
const TOKEN = 'token-of-the-test'

afterEach(() => vi.unstubAllGlobals())

/** A server of which every answer is said here. */
function server(answer: () => Response | Promise<Response>, url = 'https://kv.test') {
  const fetch = vi.fn<typeof globalThis.fetch>(async () => answer())
  const transport = restTransport({ url, token: TOKEN, fetch })
  const { signal } = new AbortController()
  const send = (commands: readonly KVCommand[] = [READ], atomic = false) =>
    transport(commands, { atomic, signal })
  return { fetch, send, signal, transport }
}

const ok = (body: unknown) => () => new Response(JSON.stringify(body))

describe('restTransport', () => {
  it('sends a request once, whatever becomes of it', async () => {
    for (const failure of [
      () => Promise.reject(new TypeError('fetch failed')),
      () => new Response('', { status: 503 }),
      () => new Response('{"error":"ERR"}', { status: 500 }),
    ]) {
      const { fetch, send } = server(failure)
      await expect(send()).rejects.toMatchObject({ name: 'KVError' })
      expect(fetch).toHaveBeenCalledTimes(1)
    }
  })

  it('posts JSON past every cache, follows no redirect, and ends with the signal', async () => {
    const { fetch, send, signal } = server(ok({ result: ['x'] }))
    expect(await send()).toEqual([['x']])
    expect(fetch.mock.calls).toEqual([
      [
        'https://kv.test',
        {
          method: 'POST',
          headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
          body: '["HMGET","k","f"]',
          signal,
          cache: 'no-store',
          redirect: 'manual',
          next: { internal: true },
        },
      ],
    ])
  })

  it('has an address for one command, for several and for a transaction', async () => {
    for (const url of ['https://kv.test/base', 'https://kv.test/base/', 'https://kv.test/base//']) {
      const { fetch, send } = server(ok([{ result: 1 }, { result: 2 }]), url)
      expect(await send([READ, READ])).toEqual([1, 2])
      expect(await send([READ, READ], true)).toEqual([1, 2])
      await send([READ], true).catch(() => {})
      expect(fetch.mock.calls.map(([address]) => address)).toEqual([
        'https://kv.test/base/pipeline',
        'https://kv.test/base/multi-exec',
        'https://kv.test/base',
      ])
      expect(fetch.mock.calls[0]?.[1]?.body).toBe('[["HMGET","k","f"],["HMGET","k","f"]]')
    }
  })

  it('sends its token nowhere else, whatever the address answers', async () => {
    let asked = 0
    const elsewhere = createServer((_, response) => {
      asked += 1
      response.end('{"result":"x"}')
    })
    elsewhere.listen(0, '127.0.0.1')
    await once(elsewhere, 'listening')
    const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`
    for (const status of [301, 302, 303, 307, 308]) {
      const here = createServer((_, response) =>
        response.writeHead(status, { location }).end('{"result":"x"}'),
      )
      here.listen(0, '127.0.0.1')
      await once(here, 'listening')
      const url = `http://127.0.0.1:${(here.address() as AddressInfo).port}`
      const answer = restTransport({ url, token: TOKEN })([READ], {
        atomic: false,
        signal: AbortSignal.timeout(10_000),
      })
      await expect(answer).rejects.toMatchObject({ kind: 'status', reply: null })
      here.closeAllConnections()
      here.close()
    }
    elsewhere.close()
    expect(asked).toBe(0)
  })

  it('believes no answer with another status than success', async () => {
    const answerOf = (status: number) => server(() => new Response('{"result":"x"}', { status })).send()
    for (const status of [200, 201, 299]) expect(await answerOf(status)).toEqual(['x'])
    for (const status of [300, 400, 404, 428, 430, 500, 599])
      await expect(answerOf(status)).rejects.toMatchObject({ kind: 'status', reply: null })
    await expect(answerOf(429)).rejects.toMatchObject({ kind: 'limited', reply: null })
  })

  it.each([
    ['nothing', ''],
    ['text', 'OK'],
    ['JSON cut short', '{"result":["x"'],
    ['null', 'null'],
    ['a text', '"result"'],
    ['an object without a result', '{}'],
    ['an error that is no text', '{"error":{"code":1}}'],
    ['a result that is no reply', '{"result":{"a":1}}'],
    ['a truth value', '{"result":true}'],
  ])('takes %s for no answer', async (_, body) => {
    await expect(server(() => new Response(body)).send()).rejects.toMatchObject({
      kind: 'protocol',
      reply: null,
    })
  })

  it('takes as many answers as there were commands, and no others', async () => {
    for (const body of [
      [],
      [{ result: 1 }],
      [{ result: 1 }, { result: 2 }, { result: 3 }],
      { result: [1, 2] },
    ])
      await expect(server(ok(body)).send([READ, READ])).rejects.toMatchObject({ kind: 'protocol' })
    await expect(server(ok([{ result: 1 }, {}])).send([READ, READ])).rejects.toMatchObject({
      kind: 'protocol',
    })
  })

  it('tells what Redis refused by its code alone', async () => {
    const { send } = server(ok({ error: 'WRONGTYPE Operation against alice' }))
    await expect(send()).rejects.toMatchObject({ kind: 'reply', reply: 'WRONGTYPE' })
    const pipeline = server(ok([{ result: 1 }, { error: 'OOM command not allowed' }]))
    await expect(pipeline.send([READ, READ])).rejects.toMatchObject({ kind: 'reply', reply: 'OOM' })
    const all = server(() => new Response('{"error":"NOAUTH alice"}', { status: 401 }))
    await expect(all.send([READ, READ])).rejects.toMatchObject({ kind: 'reply', reply: 'NOAUTH' })
  })

  it.each([401, 403])(
    'tells credentials that are refused from other failures, by the status %i',
    async (status) => {
      for (const body of ['{"error":"Unauthorized"}', '{"error":"ERR no"}', '<html>', ''])
        await expect(server(() => new Response(body, { status })).send()).rejects.toMatchObject({
          kind: 'status',
          reply: String(status),
        })
    },
  )

  it('tells a limit by what it says, whatever the status', async () => {
    const body = '{"error":"ERR max requests limit exceeded. Limit: 1, Usage: 1."}'
    await expect(server(() => new Response(body, { status: 403 })).send()).rejects.toMatchObject({
      kind: 'limited',
    })
  })

  it('tells a timeout from a network that failed', async () => {
    const failing = () => Promise.reject(new TypeError('fetch failed'))
    await expect(server(failing).send()).rejects.toMatchObject({ kind: 'network' })
    const { transport } = server(failing)
    await expect(transport([READ], { atomic: false, signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'timeout',
    })
  })

  it('looks the global fetch up at each call', async () => {
    const transport = restTransport({ url: 'https://kv.test', token: TOKEN })
    const fetch = vi.fn(async () => new Response('{"result":1}'))
    vi.stubGlobal('fetch', fetch)
    const { signal } = new AbortController()
    expect(await transport([READ], { atomic: false, signal })).toEqual([1])
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  it.each(['', 'a b', 'a\nb', 'é', 'a\u007f', ' a', 'a '])('refuses the token %j', (token) => {
    expect(() => restTransport({ url: 'https://kv.test', token })).toThrow(
      'edge-session: the KV token must be printable ASCII text.',
    )
  })

  it.each(['', 'kv.test', '/relative', 'https://'])('refuses %j, which is no URL', (url) => {
    expect(() => restTransport({ url, token: TOKEN })).toThrow('the KV url is not a URL')
  })

  it.each([
    'redis://kv.test',
    'ftp://kv.test',
    'https://user@kv.test',
    'https://:secret@kv.test',
    'https://user:secret@kv.test',
    'xhttps://kv.test',
    'httpsx://kv.test',
  ])('refuses the url %j without showing it', (url) => {
    expect(() => restTransport({ url, token: TOKEN })).toThrow(
      /^edge-session: the KV url must start with https:\/\/ \(or http:\/\/\) and hold no user name or password\.$/,
    )
  })
})
