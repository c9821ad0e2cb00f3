import { request as httpRequest } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type LocalKV, startLocalKV } from '../src/index.ts'
import { failureOf, rest, restText } from './support/rest.ts'

describe('the control port', () => {
  let kv: LocalKV

  beforeAll(async () => {
    kv = await startLocalKV({ controlPort: 0, readOnlyToken: 'reader', replicaLag: 'manual' })
  })
  afterEach(() => control('DELETE', '/rules'))
  afterAll(() => kv.stop())

  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${kv.controlUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${kv.token}` },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }

  it('replaces, lists and clears the rules', async () => {
    const rules = [{ match: { command: 'GET', key: 'a*' }, action: { type: 'status', status: 503 } }]

    expect(await control('PUT', '/rules', [{ action: { type: 'hang' } }])).toMatchObject({ status: 200 })
    expect(await control('PUT', '/rules', rules)).toEqual({ status: 200, body: rules })
    expect(await control('GET', '/rules')).toEqual({ status: 200, body: rules })
    expect((await rest(kv, { body: ['GET', 'ab'] })).status).toBe(503)
    expect((await control('DELETE', '/rules')).status).toBe(200)
    expect((await rest(kv, { body: ['GET', 'ab'] })).status).toBe(200)
  })

  it('keeps the old rules when one of the new is malformed', async () => {
    const rules = [{ action: { type: 'delay', ms: 0 } }]
    await control('PUT', '/rules', rules)

    expect(
      await control('PUT', '/rules', [{ action: { type: 'hang' } }, { action: { type: 'nope' } }]),
    ).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('fault type nope is not known') },
    })
    const unreadable = [{ action: { type: 'hang' }, match: { key: '[z-a]' } }]
    expect((await control('PUT', '/rules', unreadable)).status).toBe(400)
    expect((await control('PUT', '/rules', '{')).status).toBe(400)
    expect((await control('PUT', '/rules', {})).status).toBe(400)
    expect((await control('GET', '/rules')).body).toEqual(rules)
  })

  it('keeps of long arguments in the journal how they begin', async () => {
    await kv.command('PING')
    await fetch(kv.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${kv.token}` },
      body: JSON.stringify(['SET', 'long', 'x'.repeat(1_000_000)]),
    })
    const [, , value = ''] = kv.journal().at(-1)?.command ?? []
    expect([value.length, (await kv.command('STRLEN', 'long')) as number]).toEqual([10_000, 1_000_000])
  })

  it('reads and clears the journal and the stats', async () => {
    await control('DELETE', '/journal')
    await control('DELETE', '/__stats')
    await restText(kv, 'SET', 'k', 'v')

    expect((await control('GET', '/journal')).body).toMatchObject([
      { command: ['SET', 'k', 'v'], applied: 1 },
    ])
    expect((await control('GET', '/__stats')).body).toEqual(kv.stats())
    expect(kv.stats()).toMatchObject({ requests: 1, commands: 1 })
    await control('DELETE', '/journal')
    expect(kv.journal()).toEqual([])
  })

  it('arms, watches and releases a barrier by name', async () => {
    expect(
      (await control('POST', '/barriers/writes', { match: { command: 'INCR' }, when: 'before' })).status,
    ).toBe(200)
    const write = restText(kv, 'INCR', 'n')
    await expect
      .poll(async () => (await control('GET', '/barriers/writes')).body)
      .toEqual({ armed: true, waiting: 1 })
    await control('DELETE', '/barriers/writes')

    expect(await write).toBe('{"result":1}')
    expect((await control('GET', '/barriers/writes')).body).toEqual({ armed: false, waiting: 0 })
    expect((await control('POST', '/barriers/x', { when: 'later' })).status).toBe(400)
  })

  it('pauses and resumes, and stays itself', async () => {
    await control('POST', '/pause')
    expect(await failureOf(rest(kv))).toMatch(/ECONNREFUSED|UND_ERR_SOCKET|ECONNRESET/)
    await control('POST', '/resume')
    expect(await restText(kv, 'PING')).toBe('{"result":"PONG"}')
  })

  it('flushes and lets the replica catch up', async () => {
    await control('POST', '/flush')
    await restText(kv, 'SET', 'k', 'v')
    expect(await restText(kv, 'GET', 'k')).toBe('{"result":null}')
    await control('POST', '/replica/catch-up')
    expect(await restText(kv, 'GET', 'k')).toBe('{"result":"v"}')
    await control('POST', '/flush')
    expect(await restText(kv, 'GET', 'k')).toBe('{"result":null}')
  })

  it.each([
    ['GET', '/nope'],
    ['PATCH', '/rules'],
    ['PUT', '/barriers/x'],
    ['GET', '/constructor'],
  ])('does not know %s %s', async (method, path) => {
    expect((await control(method, path)).status).toBe(404)
  })

  it('wants the full token', async () => {
    for (const authorization of ['', 'Bearer wrong', 'Bearer reader']) {
      const response = await fetch(`${kv.controlUrl}/rules`, { headers: { authorization } })
      expect(response.status).toBe(401)
    }
  })

  it('refuses other host names', async () => {
    const url = new URL(`${kv.controlUrl}/rules`)
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example', authorization: `Bearer ${kv.token}` }
      httpRequest(url, { headers }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })

    expect(status).toBe(403)
  })
})
