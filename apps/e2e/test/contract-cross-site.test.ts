import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { expectProblem } from '../support/expect-problem.ts'
import { GUARDED, NEXT_16_PROXY } from '../support/variants.ts'
import type { Visitor } from '../support/visitor.ts'

const SITES = [
  null,
  'same-origin',
  'none',
  'same-site',
  'cross-site',
  'Same-Origin, cross-site',
  'x',
] as const
const ORIGINS = [
  null,
  'OWN',
  'null',
  'https://evil.test',
  'http://127.0.0.1:1',
  'http://127.0.0.1.evil.test',
  'http://localhost:3000',
  'evil',
  'OWN.evil.test',
] as const
const ROWS = SITES.flatMap((site) => ORIGINS.map((origin) => ({ site, origin })))

const MUTATING = [
  ['POST', '/api/auth/login', { user: 'bob', pass: 'demo-bob' }],
  ['POST', '/api/auth/logout', undefined],
  ['POST', '/api/auth/rotate', undefined],
  ['POST', '/api/auth/reauth', { pass: 'demo-alice' }],
  ['PATCH', '/api/session', { changed: true }],
  ['DELETE', '/api/sessions/CURRENT', undefined],
  ['POST', '/api/sessions/revoke-others', undefined],
  ['POST', '/api/sessions/revoke-all', undefined],
  ['POST', '/api/admin/users/alice/revoke', undefined],
] as const

/** By Sec-Fetch-Site, which a page can not forge; without it by Origin. */
function isOurs({ site, origin }: (typeof ROWS)[number]): boolean {
  if (site !== null) return site === 'same-origin' || site === 'none'
  return origin === null || origin === 'OWN'
}

async function expectUnchanged(visitor: Visitor, token: string): Promise<void> {
  expect(visitor.token()).toBe(token)
  expect((await visitor.get('/api/me')).json()).toMatchObject({ userId: 'alice', data: {} })
}

describe.each(GUARDED)('requests of other sites on $name', (variant) => {
  const bench = useBench(variant)

  it('are told by Sec-Fetch-Site, else by Origin', async () => {
    const visitor = await bench.user('alice')
    const wrong: string[] = []
    for (const row of ROWS) {
      const headers = {
        ...(row.site === null ? {} : { 'sec-fetch-site': row.site }),
        ...(row.origin === null ? {} : { origin: row.origin.replace('OWN', bench.origin) }),
      }
      const { status } = await visitor.send('/api/session', { method: 'PATCH', headers, body: '{}' })
      if (status !== (isOurs(row) ? 200 : 403)) wrong.push(`${row.site} ${row.origin}: ${status}`)
    }
    expect(ROWS.length).toBeGreaterThanOrEqual(24)
    expect(wrong).toEqual([])
  })

  it.each(MUTATING)('%s %s refuses them with 403 and does nothing', async (method, path, body) => {
    const [visitor, other] = [await bench.user('alice'), await bench.user('alice')]
    const token = visitor.token()
    const { session } = (await visitor.get('/api/session')).json<{ session: { id: string } }>()
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.test' },
      { origin: 'null' },
    ]) {
      const reply = await visitor.send(path.replace('CURRENT', session.id), {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      expectProblem(reply, 403)
      expect(reply.setCookies).toEqual([])
    }
    await expectUnchanged(visitor, token)
    expect((await other.get('/api/me')).status).toBe(200)
  })

  it('are not made ours by X-Forwarded-Host or a Host of their own', async () => {
    const visitor = await bench.user('alice')
    for (const headers of [
      { origin: 'https://evil.test', 'x-forwarded-host': 'evil.test' },
      { origin: 'https://evil.test', 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https' },
      { origin: 'https://evil.test', forwarded: 'host=evil.test;proto=https' },
      { origin: 'https://evil.test', 'x-original-host': 'evil.test' },
    ]) {
      const reply = await visitor.send('/api/session', { method: 'PATCH', headers, body: '{"changed":1}' })
      expectProblem(reply, 403)
    }
  })

  it('may read: a GET changes nothing and is left to the browser', async () => {
    const visitor = await bench.user('alice')
    const reply = await visitor.get('/api/me', {
      'sec-fetch-site': 'cross-site',
      origin: 'https://evil.test',
    })
    expect(reply.status).toBe(200)
    expect(Object.keys(reply.headers)).not.toContain('access-control-allow-origin')
  })

  it.each([
    ['GET', '/api/auth/login'],
    ['GET', '/api/auth/logout'],
    ['HEAD', '/api/auth/logout'],
    ['GET', '/api/auth/rotate'],
    ['GET', '/api/auth/reauth'],
    ['GET', '/api/sessions/revoke-others'],
    ['GET', '/api/sessions/revoke-all'],
    ['GET', '/api/admin/users/alice/revoke'],
    ['DELETE', '/api/session'],
    ['POST', '/api/me'],
    ['PUT', '/api/sessions'],
    ['POST', '/api/cron/cleanup'],
  ])('%s %s changes nothing', async (method, path) => {
    const visitor = await bench.user('alice')
    const token = visitor.token()
    const { status } = await visitor.send(path, { method })
    expect([404, 405]).toContain(status)
    await expectUnchanged(visitor, token)
  })
})

describe('behind a proxy that changes Host, with APP_ORIGIN', () => {
  const bench = useBench(NEXT_16_PROXY, { env: { APP_ORIGIN: 'https://shop.test' } })

  it.each([
    ['https://shop.test', 200],
    ['http://shop.test', 403],
    ['https://shop.test:8443', 403],
    ['https://evil.test', 403],
    ['null', 403],
  ])('a PATCH from %s answers %i', async (origin, status) => {
    const visitor = await bench.user('alice')
    const reply = await visitor.send('/api/session', { method: 'PATCH', headers: { origin }, body: '{}' })
    expect(reply.status).toBe(status)
  })

  it('the instance’s own address is another site', async () => {
    const visitor = await bench.user('alice')
    const headers = { origin: bench.origin }
    expectProblem(await visitor.send('/api/session', { method: 'PATCH', headers, body: '{}' }), 403)
  })
})
