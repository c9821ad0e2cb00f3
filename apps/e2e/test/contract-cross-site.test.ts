import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { expectProblem } from '../support/expect-problem.ts'
import { GUARDED, NEXT_16_PROXY } from '../support/variants.ts'
import type { Visitor } from '../support/visitor.ts'

/**
 * By Sec-Fetch-Site, which a page can not forge; without it by Origin, which must be our own. A request with neither was
 * not made by a browser's page.
 */
const ROWS: readonly (readonly [site: string | null, origin: string | null, answer: 'done' | 'refused'])[] = [
  [null, null, 'done'],
  [null, 'OWN', 'done'],
  [null, 'https://evil.test', 'refused'],
  [null, 'null', 'refused'],
  ['same-origin', null, 'done'],
  ['same-origin', 'OWN', 'done'],
  ['same-origin', 'https://evil.test', 'done'],
  ['same-origin', 'null', 'done'],
  ['none', null, 'done'],
  ['none', 'OWN', 'done'],
  ['none', 'https://evil.test', 'done'],
  ['none', 'null', 'done'],
  ['same-site', null, 'refused'],
  ['same-site', 'OWN', 'refused'],
  ['same-site', 'https://evil.test', 'refused'],
  ['same-site', 'null', 'refused'],
  ['cross-site', null, 'refused'],
  ['cross-site', 'OWN', 'refused'],
  ['cross-site', 'https://evil.test', 'refused'],
  ['cross-site', 'null', 'refused'],
  ['Same-Origin, cross-site', null, 'refused'],
  ['Same-Origin, cross-site', 'OWN', 'refused'],
  ['Same-Origin, cross-site', 'https://evil.test', 'refused'],
  ['Same-Origin, cross-site', 'null', 'refused'],
]

/** Other sites that look like ours, and what is none. */
const ODD_ORIGINS = [
  'http://127.0.0.1:1',
  'http://127.0.0.1.evil.test',
  'http://localhost:3000',
  'evil',
  'OWN.evil.test',
  'OWN@evil.test',
  'OWN, https://evil.test',
  'OWN https://evil.test',
] as const

/** With what each answers when it is done. */
const MUTATING = [
  ['POST', '/api/auth/login', { user: 'bob', pass: 'demo-bob' }, 200],
  ['POST', '/api/auth/logout', undefined, 204],
  ['POST', '/api/auth/rotate', undefined, 204],
  ['POST', '/api/auth/reauth', { pass: 'demo-alice' }, 204],
  ['PATCH', '/api/session', { changed: true }, 200],
  ['DELETE', '/api/sessions/CURRENT', undefined, 204],
  ['POST', '/api/sessions/revoke-others', undefined, 200],
  ['POST', '/api/sessions/revoke-all', undefined, 200],
  ['POST', '/api/admin/users/alice/revoke', undefined, 200],
] as const

/** How browsers, and Next.js' own links, ask for what may be visited next. */
const PREFETCHES: readonly Readonly<Record<string, string>>[] = [
  { purpose: 'prefetch' },
  { 'sec-purpose': 'prefetch' },
  { 'sec-purpose': 'prefetch;prerender' },
  { 'next-router-prefetch': '1' },
  { 'next-router-prefetch': '1', rsc: '1' },
]

async function idOf(visitor: Visitor): Promise<string> {
  return (await visitor.get('/api/session')).json<{ session: { id: string } }>().session.id
}

async function expectUnchanged(visitor: Visitor, token: string): Promise<void> {
  expect(visitor.token()).toBe(token)
  expect((await visitor.get('/api/me')).json()).toMatchObject({ userId: 'alice', data: {} })
}

describe.each(GUARDED)('requests of other sites on $name', (variant) => {
  const bench = useBench(variant)

  function headersOf(site: string | null, origin: string | null): Record<string, string> {
    return {
      'content-type': 'application/json',
      ...(site === null ? {} : { 'sec-fetch-site': site }),
      ...(origin === null ? {} : { origin: origin.replace('OWN', bench.origin) }),
    }
  }

  it.each(MUTATING)(
    '%s %s is told by all 24 rows, refuses them with 403 and does nothing',
    async (method, path, body, done) => {
      expect(ROWS.filter(([, , answer]) => answer === 'refused')).toHaveLength(14)
      const [visitor, other] = [await bench.user('alice'), await bench.user('alice')]
      const token = visitor.token()
      const send = async (by: Visitor, [site, origin]: (typeof ROWS)[number]) => {
        return by.send(path.replace('CURRENT', await idOf(by)), {
          method,
          headers: headersOf(site, origin),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
      }
      for (const row of ROWS.filter(([, , answer]) => answer === 'refused')) {
        const reply = await send(visitor, row)
        expectProblem(reply, 403)
        expect(reply.setCookies).toEqual([])
      }
      await expectUnchanged(visitor, token)
      expect((await other.get('/api/me')).status).toBe(200)
      const wrong: string[] = []
      for (const row of ROWS.filter(([, , answer]) => answer === 'done')) {
        const { status } = await send(await bench.user('alice'), row)
        if (status !== done) wrong.push(`${row}: ${status}`)
      }
      expect(wrong).toEqual([])
    },
  )

  it('are not made ours by an Origin that looks like it', async () => {
    const visitor = await bench.user('alice')
    for (const origin of ODD_ORIGINS) {
      const headers = headersOf(null, origin)
      expectProblem(await visitor.send('/api/session', { method: 'PATCH', headers, body: '{}' }), 403)
    }
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

  // 405 is what Next.js answers of a route without the method, 404 what ours do of a path that is none of theirs.
  it.each([
    ['GET', '/api/auth/login', 405],
    ['GET', '/api/auth/logout', 405],
    ['HEAD', '/api/auth/logout', 405],
    ['GET', '/api/auth/rotate', 405],
    ['GET', '/api/auth/reauth', 405],
    ['GET', '/api/sessions/revoke-others', 404],
    ['GET', '/api/sessions/revoke-all', 404],
    ['GET', '/api/admin/users/alice/revoke', 405],
    ['DELETE', '/api/session', 405],
    ['POST', '/api/me', 405],
    ['PUT', '/api/sessions', 405],
    ['POST', '/api/cron/cleanup', 405],
  ])('%s %s changes nothing and answers %i', async (method, path, status) => {
    const visitor = await bench.user('alice')
    const token = visitor.token()
    const reply = await visitor.send(path, { method })
    expect([reply.status, reply.setCookies]).toEqual([status, []])
    await expectUnchanged(visitor, token)
  })

  it.each(PREFETCHES)('a prefetch with %j of what would sign out changes nothing', async (headers) => {
    const visitor = await bench.user('alice')
    const [token, id] = [visitor.token(), await idOf(visitor)]
    for (const [path, status] of [
      ['/api/auth/logout', 405],
      ['/api/auth/rotate', 405],
      ['/api/sessions/revoke-all', 404],
      [`/api/sessions/${id}`, 404],
    ] as const) {
      for (const method of ['GET', 'HEAD']) {
        const first = await visitor.send(path, { method, headers })
        const { location } = first.headers
        // Next.js 16 itself gives what its links ask for an address of its own.
        const reply = location?.startsWith(`${path}?_rsc=`)
          ? await visitor.send(location, { method, headers })
          : first
        expect([method, path, reply.status, reply.setCookies]).toEqual([method, path, status, []])
      }
    }
    await expectUnchanged(visitor, token)
    expect(await idOf(visitor)).toBe(id)
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
