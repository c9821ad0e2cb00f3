import fc from 'fast-check'
import { type NextFetchEvent, NextRequest } from 'next/server.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cookieValues } from '../../src/lib/cookie.ts'
import { createRouteHandlers } from '../../src/lib/handlers.ts'
import { safeRedirectPath } from '../../src/lib/redirect-target.ts'
import { OTHER_SECRET, startInstance, type TestInstance } from '../support/instance.ts'
import { visit } from '../support/visit.ts'
import { report } from './report.ts'
import {
  endings,
  expectAllowedHeaders,
  expectNobody,
  flips,
  headerText,
  tampered,
} from './support/hostile.ts'
import { PATIENCE, runs, SEED, seeded } from './support/settings.ts'

const COOKIES = runs({ usual: 5_000, proof: 100_000 })
const TOKENS = runs({ usual: 1_000, proof: 10_000 })
const PATHS = runs({ usual: 1_000, proof: 20_000 })
const SITE = 'https://app.test'
const NAMES = ['__Host-session', '__host-session', 'session', 'a', '$Version', '\xa0__Host-session', '']

let app: TestInstance & { stop(): Promise<void> }
let alice: string
let bob: string
/** Tokens and sealed identities that are good in their place, and must be good for nothing anywhere else. */
let sealed: readonly string[]
beforeAll(async () => {
  app = await startInstance({ protect: { routes: ['/dashboard/:path*'] } })
  alice = await app.signIn('alice')
  bob = await app.signIn('bob')
  const { seen } = await visit(app.proxy, '/public', { token: alice })
  sealed = [alice, bob, seen?.get('x-edge-session') ?? '']
})
afterAll(() => app.stop())

describe('cookies', () => {
  it(`of any text make nobody anybody, break nothing, and cost no KV command: ${COOKIES} headers`, {
    timeout: PATIENCE,
  }, async () => {
    const value = fc.oneof(tampered(sealed), headerText)
    const name = fc.oneof(fc.constant('__Host-session'), fc.constantFrom(...NAMES))
    const pair = fc
      .tuple(name, fc.constantFrom('=', '=', ' = ', '', '=='), value)
      .map(([name, equals, text]) => name + equals + text)
    const header = fc.oneof(
      headerText,
      fc
        .tuple(fc.array(pair, { maxLength: 6 }), fc.constantFrom('; ', ';', ';;', ', ', ' ;\t'))
        .map(([pairs, separator]) => pairs.join(separator)),
    )
    let [count, withOurName] = [0, 0]
    const { commands } = await app.commandsDuring(() =>
      fc.assert(
        fc.asyncProperty(header, fc.constantFrom('/public', '/dashboard'), async (cookie, path) => {
          fc.pre(!isHonest(cookie))
          count += 1
          if (cookieValues(cookie, '__Host-session').length > 0) withOurName += 1
          const seen = await visit(app.proxy, path, { cookie })
          expectNobody(seen)
          expect(seen.status).toBe(path === '/public' ? 200 : 307)
        }),
        seeded({ numRuns: COOKIES }),
      ),
    )
    expect(commands).toBe(0)
    expect(withOurName).toBeGreaterThan(count / 4)
    report('hostile: cookie headers', { count, withOurName, commands, seed: SEED })
  })

  it('of 100 names, of 16 KiB, or a thousand times the same name are no trouble', async () => {
    const many = Array.from({ length: 100 }, (_, n) => `c${n}=${n}`).join('; ')
    const { commands } = await app.commandsDuring(async () => {
      for (const cookie of [
        many,
        `__Host-session=${'a'.repeat(16_384)}`,
        `__Host-session=${alice}${'A'.repeat(8_192)}`,
        Array(1_000)
          .fill(`__Host-session=${alice.slice(1)}`)
          .join('; '),
        Array.from({ length: 1_000 }, (_, n) => `__Host-session=${n}`).join('; '),
        [...flips(alice, 40)].map((token) => `__Host-session=${token}`).join('; '),
      ])
        expectNobody(await visit(app.proxy, '/public', { cookie }))
    })
    expect(commands).toBe(0)
    const beside = await visit(app.proxy, '/public', { cookie: `${many}; __Host-session=${alice}` })
    expect(beside.seen?.get('x-user-id')).toBe('alice')
  })
})

describe('tokens', () => {
  it('with any one character changed are nobody’s, at every place', { timeout: PATIENCE }, async () => {
    // Ids of three lengths, so that each number of spare bits occurs at the end of a segment.
    const ends = await Promise.all(['a', 'aa', 'aaa'].map((userId) => app.signIn(userId)))
    const all = [
      ...sealed.flatMap((token) => [...flips(token)]),
      ...ends.flatMap((token) => [...endings(token)]),
    ]
    const { commands } = await app.commandsDuring(async () => {
      for (const token of all) {
        const seen = await visit(app.proxy, '/public', { token })
        expectNobody(seen)
        // A kid may be that of another deployment; everything else is certainly of no use.
        expect(seen.setCookies.length).toBeLessThanOrEqual(1)
      }
    })
    expect(commands).toBe(0)
    report('hostile: flipped characters', { count: all.length })
  })

  it(`tampered with in any other way are nobody’s: ${TOKENS} tokens`, { timeout: PATIENCE }, async () => {
    let count = 0
    const { commands } = await app.commandsDuring(() =>
      fc.assert(
        fc.asyncProperty(tampered(sealed), async (token) => {
          fc.pre(!isHonest(`__Host-session=${token}`))
          count += 1
          expectNobody(await visit(app.proxy, '/public', { cookie: `__Host-session=${token}` }))
        }),
        seeded({ numRuns: TOKENS }),
      ),
    )
    expect(commands).toBe(0)
    report('hostile: tokens', { count, commands, seed: SEED })
  })

  it('count in their cookie alone', async () => {
    const bearer = { authorization: `Bearer ${alice}`, 'x-session': alice, 'x-session-token': alice }
    for (const headers of [
      bearer,
      { cookie2: `__Host-session=${alice}` },
      { referer: `${SITE}/?t=${alice}` },
    ])
      expectNobody(await visit(app.proxy, '/public', { headers }))
    for (const query of ['session', '__Host-session', 'sid', 'token', 'jsessionid'])
      expectNobody(await visit(app.proxy, `/public?${query}=${alice}`))
    expectNobody(await visit(app.proxy, `/public;__Host-session=${alice}`))
  })
})

describe('headers', () => {
  const INTERNAL: readonly Record<string, string>[] = [
    ...['middleware', 'src/middleware', 'pages/_middleware', 'proxy', 'src/proxy', '1'].flatMap((name) => [
      { 'x-middleware-subrequest': name },
      { 'x-middleware-subrequest': Array(5).fill(name).join(':') },
      { 'X-Middleware-Subrequest': Array(20).fill(name).join(':') },
    ]),
    { 'x-middleware-next': '1' },
    { 'x-middleware-rewrite': '/dashboard' },
    { 'x-middleware-override-headers': 'x-user-id', 'x-middleware-request-x-user-id': 'root' },
    { 'x-middleware-set-cookie': '__Host-session=x' },
    { 'x-middleware-prefetch': '1', purpose: 'prefetch' },
    { 'x-nextjs-data': '1' },
    { rsc: '1', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/_tree' },
    { 'x-original-url': '/public', 'x-rewrite-url': '/public' },
    { 'x-forwarded-host': 'evil.test', host: 'evil.test', forwarded: 'host=evil.test' },
    { 'x-http-method-override': 'GET', 'x-matched-path': '/public', 'x-invoke-path': '/public' },
    { location: 'https://evil.test', 'set-cookie': '__Host-session=x', 'content-type': 'text/evil' },
  ]

  it.each(INTERNAL)('%j opens no protected page, and does not show in the answer', async (headers) => {
    for (const cookie of ['', `__Host-session=${alice.slice(2)}`]) {
      const { status, response, location, setCookies } = await visit(app.proxy, '/dashboard', {
        headers,
        cookie,
      })
      expect(status).toBe(307)
      expect(new URL(location ?? '').pathname).toBe('/login')
      expectAllowedHeaders(response)
      expect(setCookies.join()).not.toContain('=x')
      expect(JSON.stringify([...response.headers])).not.toContain('evil')
    }
  })

  const FORGED = ['root', 'bob', '', 'alice, root', '%72oot', '{"userId":"root"}', 'a'.repeat(5_000)]

  it('that name a user are replaced by who it is, in any case and however often', async () => {
    for (const name of ['x-user-id', 'X-USER-ID', 'X-User-Id', 'x-edge-session', 'X-Edge-Session'])
      for (const forged of [...FORGED, ...sealed]) {
        const headers = new Headers([
          [name, forged],
          [name.toUpperCase(), 'root'],
        ])
        expectNobody(await visit(app.proxy, '/public', { headers: Object.fromEntries(headers) }))
        const own = Object.fromEntries(headers)
        const { seen } = await visit(app.proxy, '/public', { headers: own, token: bob })
        expect(seen?.get('x-user-id')).toBe('bob')
        expect(seen?.get('x-edge-session')).not.toBe(forged)
      }
  })

  it('with a sealed identity of somebody else, of another time or purpose tell a page nothing', async () => {
    const header = sealed[2] ?? ''
    const foreign = app.with({ secret: OTHER_SECRET })
    const stranger = await foreign.signIn('mallory')
    const { seen } = await visit(foreign.proxy, '/public', { token: stranger })
    const takeOver = (text: string, token: string) => app.engine.takeOver(text, [token])
    expect((await takeOver(header, alice))?.outcome).toBe('active')
    expect(await takeOver(header, bob)).toBeNull()
    expect(await app.engine.takeOver(header, [])).toBeNull()
    expect(await app.engine.takeOver(header, [alice, bob])).toBeNull()
    for (const forged of [alice, bob, seen?.get('x-edge-session') ?? '', ...FORGED, ...flips(header, 3)])
      expect(await takeOver(forged, alice)).toBeNull()
    app.clock.now += 61_000
    expect(await takeOver(header, alice)).toBeNull()
  })

  it('of other sites change nothing: every Origin with every Sec-Fetch-Site', async () => {
    const { publicRoute } = createRouteHandlers(app.engine, () => Promise.reject(new Error('not asked')))
    const handler = publicRoute(async () => new Response('done'))
    const sites = [null, 'same-origin', 'none', 'same-site', 'cross-site', 'Same-Origin', '', 'x']
    const origins = [
      null,
      SITE,
      'https://evil.test',
      'null',
      '',
      'https://app.test.evil.test',
      'http://app.test:81',
    ]
    let count = 0
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
      for (const site of sites)
        for (const origin of origins) {
          const headers = new Headers({ host: 'app.test', 'x-forwarded-host': 'evil.test' })
          if (site !== null) headers.set('sec-fetch-site', site)
          if (origin !== null) headers.set('origin', origin)
          const { status } = await handler(new Request(`${SITE}/x`, { method, headers }), {
            params: Promise.resolve({}),
          })
          const reads = method === 'GET' || method === 'HEAD'
          const ours =
            site === null ? origin === null || origin === SITE : site === 'same-origin' || site === 'none'
          expect({ method, site, origin, status }).toEqual({
            method,
            site,
            origin,
            status: reads || ours ? 200 : 403,
          })
          count += 1
        }
    report('hostile: Origin, Sec-Fetch-Site and method', { count })
  })
})

describe('paths and queries', () => {
  const CORPUS = [
    ...['//evil.test', '///evil.test', '/\\evil.test', '/%5cevil.test', '/%2f/evil.test', '/@evil.test'],
    ...[
      '/%09/evil.test',
      '/.evil.test',
      '/;@evil.test',
      '/https:evil.test',
      '/https://evil.test',
      '/%0d%0aLocation:x',
    ],
    ...[
      '/a?next=//evil.test',
      '/a?next=https://evil.test',
      '/a?;replace',
      '/a?%0d%0aset-cookie:x=1',
      '/a#//evil',
    ],
    ...[
      '/日本',
      '/%e6%97',
      '/%u0041',
      '/\u2028',
      '/a%00b',
      '/..//evil.test',
      '/%2e%2e/',
      `/${'a/'.repeat(40)}`,
    ],
  ]

  let judged = 0

  async function expectToStay(path: string): Promise<void> {
    const request = requestTo(path)
    if (request === null) return
    judged += 1
    const { proxy } = guarded()
    for (const method of ['GET', 'POST'])
      for (const headers of [
        {},
        { 'next-action': 'x' },
        { accept: 'application/json' },
        { 'x-forwarded-host': 'evil.test' },
      ]) {
        const response = await proxy(new NextRequest(request, { method, headers }), {} as NextFetchEvent)
        expect([307, 303, 401, 400]).toContain(response.status)
        expectAllowedHeaders(response)
        const target = response.headers.get('location') ?? response.headers.get('x-action-redirect')
        if (target === null) continue
        const { origin, pathname, searchParams } = new URL(target.replace(/;replace$/, ''), SITE)
        // Next.js keeps the slash at the end that the visitor's path had.
        expect([origin, pathname.replace(/\/$/, '')]).toEqual([SITE, '/login'])
        const next = safeRedirectPath(searchParams.get('next'), '/')
        expect(new URL(next, SITE).origin).toBe(SITE)
      }
  }

  let made: TestInstance | undefined
  function guarded(): TestInstance {
    made ??= app.with({ protect: { publicRoutes: ['/never'] } })
    return made
  }

  it.each(CORPUS)('%j leads to the sign-in page of this site, or nowhere', expectToStay)

  it(`of any other text do as well: ${PATHS} of them`, { timeout: PATIENCE }, async () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(...CORPUS),
      fc.webPath(),
    )
    const path = fc
      .tuple(part, part, fc.constantFrom('', '?', '?next=', '#'))
      .map(([a, b, c]) => `/${a}${c}${b}`)
    judged = 0
    await fc.assert(fc.asyncProperty(path, expectToStay), seeded({ numRuns: PATHS }))
    expect(judged).toBeGreaterThan(0.9 * PATHS)
    report('hostile: paths', { count: judged, redirectTargets: CORPUS.length, seed: SEED })
  })
})

/** Whether a header holds an untouched token in its place, so that it is no forgery at all. */
function isHonest(cookie: string): boolean {
  return cookie.split(';').some((pair) => {
    const [name = '', ...value] = pair.split('=')
    return (
      /^[ \t]*__Host-session[ \t]*$/.test(name) &&
      sealed.includes(value.join('=').replace(/^[ \t]+|[ \t]+$/g, ''))
    )
  })
}

/** As a server makes it of the request line: the path never names another host. `null` if it is no URL. */
function requestTo(path: string): URL | null {
  return URL.canParse(SITE + path) ? new URL(SITE + path) : null
}
