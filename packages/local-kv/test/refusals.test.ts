import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type LocalKV, startLocalKV } from '../src/index.ts'
import { describeOn, engines } from './support/engines.ts'
import { answerOf, rest } from './support/rest.ts'

describeOn(engines(8))('what is refused on $engine', ({ options }) => {
  let kv: LocalKV

  beforeAll(async () => {
    kv = await startLocalKV({ ...options, token: 'full', readOnlyToken: 'reader' })
  })
  beforeEach(() => kv.flush())
  afterAll(() => kv.stop())

  it.each([undefined, 'Bearer wrong', 'Bearer ', 'full'])(
    'refuses the authorization %j',
    async (authorization) => {
      for (const path of ['/', '/pipeline', '/multi-exec', '/get/k']) {
        const response = await fetch(kv.url + path, {
          method: 'POST',
          headers: authorization ? { authorization } : {},
          body: '[]',
        })

        expect(response.status).toBe(401)
        expect(await response.text()).toBe('{"error":"WRONGPASS invalid or missing auth token"}')
      }
    },
  )

  it('lets the read-only token read and nothing else', async () => {
    const reader = { authorization: 'Bearer reader' }
    await kv.command('SET', 'k', 'v')

    expect(await (await rest(kv, { body: ['GET', 'k'], headers: reader })).json()).toEqual({ result: 'v' })
    for (const command of [
      ['SET', 'k', 'x'],
      ['SCAN', '0'],
      ['KEYS', '*'],
      ['EVALSHA', 'a', '0'],
      ['EVAL', 'return 1', '0'],
      ['GETDEL', 'k'],
    ]) {
      const response = await rest(kv, { body: command, headers: reader })
      expect(response.status).toBe(400)
      expect((await answerOf(response)).error).toMatch(/^NOPERM/)
    }
    expect(await kv.command('GET', 'k')).toBe('v')
  })

  it.each([
    ['DELETE', '/', undefined, 405],
    ['PATCH', '/get/k', '[]', 405],
    ['GET', '/pipeline', undefined, 405],
    ['GET', '/', undefined, 400],
    ['POST', '/', 'not json', 400],
    ['POST', '/', '{}', 400],
    ['POST', '/', '[]', 400],
    ['POST', '/', '[1]', 400],
    ['POST', '/pipeline', '["GET","k"]', 400],
    ['POST', '/pipeline', '[[]]', 400],
    ['POST', '/multi-exec', '[]', 400],
    ['POST', '/nope', undefined, 400],
    ['GET', '/get/%ff', undefined, 400],
    ['GET', '//', undefined, 400],
  ])('answers %s %s %s with %i and an error', async (method, path, body, status) => {
    const response = await rest(kv, body === undefined ? { method, path } : { method, path, body })

    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ error: expect.any(String) })
  })

  it('answers HEAD without a body', async () => {
    const response = await rest(kv, { method: 'HEAD', path: '/ping' })

    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  it('refuses a body over 10 MB and serves on', async () => {
    const response = await rest(kv, { body: ['SET', 'k', 'x'.repeat(10 * 1024 * 1024)] })

    expect(response.status).toBe(413)
    expect(await response.json()).toEqual({ error: 'ERR max request size exceeded. Limit: 10485760 bytes' })
    const large = 'x'.repeat(9 * 1024 * 1024)
    await rest(kv, { body: ['SET', 'k', large] })
    expect((await answerOf(rest(kv, { body: ['GET', 'k'] }))).result).toBe(large)
  })

  it.each([
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['169.254.169.254', 403],
    ['localhost', 200],
    ['LOCALHOST:3000', 200],
    ['[::1]:80', 200],
    ['127.0.0.2', 200],
  ])('answers a request for the host %s with %i', async (host, status) => {
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(
        { port: kv.port, path: '/ping', headers: { host, authorization: 'Bearer full' } },
        (response) => {
          response.resume()
          resolve(response.statusCode)
        },
      )
        .on('error', reject)
        .end()
    })

    expect(answered).toBe(status)
  })
})
