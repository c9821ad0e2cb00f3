/*
 * One test for each advisory of recent years against Next.js' middleware and the libraries that guard routes with it.
 * Those against session stores and tokens are in `advisories-sessions.test.ts`.
 *
 * What only shows in a running Next.js is in apps/e2e:
 *
 * | advisory                             | there                                                        |
 * |--------------------------------------|--------------------------------------------------------------|
 * | CVE-2025-29927                       | headers.test.ts: pages; identity.test.ts: routes             |
 * | CVE-2026-44575                       | paths.test.ts: over raw sockets                              |
 * | CVE-2026-41248 (raw path), GHSA-x732 | paths.test.ts: the page itself, and the proxy by itself      |
 * | CVE-2025-48947, CVE-2025-64762       | shared-cache.test.ts: behind a cache; caching.test.ts: what  |
 * |                                      | is said of storing it, on static pages and actions too       |
 * | CVE-2025-55182 and its like          | contract-api.test.ts: bodies are bounded on our routes       |
 * | CVE-2026-40155 (bleed)               | identity.test.ts: many users through `next start`            |
 * | CVE-2026-45364 (IPv6 as rate key)    | lifecycle.test.ts: the demo's limit, as we ship no other     |
 *
 * Not tried: CVE-2024-22206 in a Pages API route, where `getSession()` is not to be had, and CVE-2026-44573 in an app of
 * the Pages Router with `i18n`, which only that router knows; its requests are below.
 */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cookieValues } from '../../src/lib/cookie.ts'
import { createEdgeSession } from '../../src/lib/edge-session.ts'
import type { EdgeSessionOptions } from '../../src/lib/options.ts'
import { safeRedirectPath } from '../../src/lib/redirect-target.ts'
import { createSeal } from '../../src/lib/seal.ts'
import { restTransport } from '../../src/lib/transports/rest.ts'
import { callRoute } from '../support/app-route.ts'
import { OTHER_SECRET, SECRET, startInstance, type TestInstance } from '../support/instance.ts'
import { routeBrowser } from '../support/route-browser.ts'
import { type VisitOptions, visit } from '../support/visit.ts'
import { report } from './report.ts'
import { expectAllowedHeaders, expectNobody, flips } from './support/hostile.ts'
import { PATIENCE } from './support/settings.ts'

const ROUTES = ['/dashboard/:path*', '/files/private/:path*', '/:tenant/settings'] as const

let app: TestInstance & { stop(): Promise<void> }
let token: string
beforeAll(async () => {
  app = await startInstance({ protect: { routes: ROUTES } })
  token = await app.signIn('alice')
})
afterAll(() => app.stop())

/** What an app calls, on the same KV. */
function functions(options: EdgeSessionOptions = {}) {
  return createEdgeSession({
    secret: SECRET,
    kv: restTransport(app.kv),
    now: () => app.clock.now,
    ...options,
  })
}

function nameOf(session: { readonly userId: string; readonly id: string } | null | undefined): string {
  return session ? `${session.userId} ${session.id}` : 'nobody'
}

/** No page: sent to sign in, or refused as a path that nobody means. */
async function expectGuarded(
  path: string,
  headers: Record<string, string> = {},
  nextConfig: VisitOptions['nextConfig'] = {},
): Promise<void> {
  const { status, location, seen } = await visit(app.proxy, `https://app.test${path}`, {
    headers,
    nextConfig,
  })
  expect({ path, guarded: [307, 400, 401].includes(status), passed: seen !== null }).toEqual({
    path,
    guarded: true,
    passed: false,
  })
  if (location !== null) expect(new URL(location).origin).toBe('https://app.test')
}

describe('Next.js', () => {
  it('CVE-2025-29927: x-middleware-subrequest opens no page, in any spelling', async () => {
    for (const name of ['middleware', 'src/middleware', 'pages/_middleware', 'proxy', 'src/proxy'])
      for (const value of [name, Array(5).fill(name).join(':'), Array(9).fill(name).join(':')])
        await expectGuarded('/dashboard', { 'x-middleware-subrequest': value })
  })

  it('CVE-2026-44575, GHSA-267c, GHSA-26hh: neither do .rsc, segments and prefetches', async () => {
    for (const path of [
      '/dashboard.rsc',
      '/dashboard/a.rsc',
      '/DASHBOARD.RSC',
      '/dashboard.segments/_tree.segment.rsc',
      '/dashboard.segments/!KGFwcCk/dashboard/__PAGE__.segment.rsc',
      '/files/private/x.rsc',
      '/acme/settings.rsc',
      '/acme/settings.segments/_full.segment.rsc',
      '/dashboard?_rsc=1abc',
    ]) {
      await expectGuarded(path)
      await expectGuarded(path, { rsc: '1' })
      await expectGuarded(path, { rsc: '1', 'next-router-prefetch': '1' })
      await expectGuarded(path, { 'next-router-segment-prefetch': '/_tree', purpose: 'prefetch' })
    }
  })

  it('CVE-2026-44574, GHSA-492v: a query names no route parameter', async () => {
    await expectGuarded('/acme/settings?nxtPtenant=public')
    await expectGuarded('/dashboard?nxtPpath=public&nxtIpath=public')
    const { status, seen } = await visit(app.proxy, '/public?nxtPtenant=acme&nxtPpath=dashboard', { token })
    expect([status, seen?.get('x-user-id')]).toEqual([200, 'alice'])
  })

  it('CVE-2026-44573: the data route of a page is the page', async () => {
    for (const path of [
      '/_next/data/BUILD/dashboard.json',
      '/_next/data/BUILD/dashboard/a.json',
      '/_next/data/BUILD/acme/settings.json',
      '/_next/data/x%2fy/dashboard.json',
    ])
      await expectGuarded(path, { 'x-nextjs-data': '1' })
  })

  it('CVE-2026-44573: with languages in the path, the page and its data are guarded in each and in none', async () => {
    const nextConfig = { i18n: { locales: ['en', 'fr'], defaultLocale: 'en' }, basePath: '' }
    for (const page of ['/dashboard', '/dashboard/a', '/acme/settings'])
      for (const language of ['', '/en', '/fr']) {
        await expectGuarded(`${language}${page}`, {}, nextConfig)
        await expectGuarded(`/_next/data/BUILD${language}${page}.json`, { 'x-nextjs-data': '1' }, nextConfig)
      }
    for (const path of ['/app/dashboard', '/app/fr/dashboard', '/app/_next/data/BUILD/fr/dashboard.json'])
      await expectGuarded(path, {}, { ...nextConfig, basePath: '/app' })
  })

  it('CVE-2026-44572: the redirect stays one with x-nextjs-data, and in no cache', async () => {
    const headers = { 'x-nextjs-data': '1' }
    const { status, location, response } = await visit(app.proxy, '/dashboard', { headers })
    expect([status, location]).toEqual([307, 'https://app.test/login?next=%2Fdashboard'])
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  it('CVE-2025-57822: no request header comes back in the response', async () => {
    const headers = {
      location: 'https://evil.test',
      'x-canary': 'canary',
      refresh: '0;url=https://evil.test',
      'content-security-policy': 'canary',
      'access-control-allow-origin': 'https://evil.test',
    }
    for (const path of ['/public', '/dashboard'])
      for (const cookie of ['', `__Host-session=${token}`]) {
        const { response } = await visit(app.proxy, path, { headers, cookie })
        expectAllowedHeaders(response)
        const told = [...response.headers].filter(([name]) => !name.startsWith('x-middleware-'))
        expect(JSON.stringify(told)).not.toMatch(/canary|evil/)
      }
  })

  it('CVE-2024-51479: a page right below the root is guarded as well', async () => {
    const { proxy } = app.with({ protect: { routes: ['/', '/:page'] } })
    for (const path of ['/', '/admin', '/admin/', '//admin', '/index', '/_next/data/BUILD/index.json'])
      expect([path, (await visit(proxy, `https://app.test${path}`)).status]).toEqual([path, 307])
  })

  it('CVE-2024-34351: a redirect follows no Host that the visitor made up', async () => {
    for (const headers of [
      { host: 'evil.test' },
      { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'http' },
      { forwarded: 'host=evil.test' },
      { 'x-host': 'evil.test', 'x-original-host': 'evil.test' },
    ])
      expect((await visit(app.proxy, '/dashboard', { headers })).location).toBe(
        'https://app.test/login?next=%2Fdashboard',
      )
  })

  it('CVE-2025-49826, CVE-2025-49005: what depends on the visitor is never left to Vary', async () => {
    const cookies = ['', `__Host-session=${token}`, '__Host-session=garbage']
    for (const cookie of cookies) {
      const { response, setCookies } = await visit(app.proxy, '/dashboard', { cookie })
      expect(response.headers.get('cache-control')).toBe('private, no-store')
      expect(response.headers.has('vary')).toBe(false)
      const open = await visit(app.proxy, '/public', { cookie })
      const stored = open.response.headers.get('cache-control')
      expect(stored).toBe(open.setCookies.length > 0 ? 'private, no-store' : null)
      expect(setCookies.length > 0).toBe(cookie.endsWith('garbage'))
    }
  })

  it('CVE-2025-55182, CVE-2026-23869, CVE-2026-23870: versions without their fix are not supported', async () => {
    const { peerDependencies } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    const [, minor15, minor16] = /^>=15\.5\.(\d+) <16 \|\| >=16\.4\.(\d+)$/.exec(peerDependencies.next) ?? []
    expect(Number(minor15)).toBeGreaterThanOrEqual(18)
    expect(Number(minor16)).toBeGreaterThanOrEqual(0)
  })
})

describe('libraries that guard routes', () => {
  it('Clerk CVE-2026-41248, GHSA-vqx2: every way to encode any one character of a guarded path', async () => {
    let count = 0
    for (const path of ['/dashboard', '/dashboard/a', '/files/private/x', '/acme/settings'])
      for (let at = 1; at < path.length; at += 1) {
        const code = path.charCodeAt(at).toString(16)
        for (const encoded of [
          `%${code}`,
          `%${code.toUpperCase()}`,
          `%25${code}`,
          `%2525${code}`.slice(0, 5) + code,
        ]) {
          await expectGuardedOrOther(path.slice(0, at) + encoded + path.slice(at + 1), path)
          count += 1
        }
      }
    report('encoded paths', { count })
  })

  /** Encoded three times over, a path is another one for Next.js too; up to twice it has to be guarded. */
  async function expectGuardedOrOther(path: string, meant: string): Promise<void> {
    const twice = decodeURIComponent(decodeURIComponent(path))
    if (twice.toLowerCase() === meant) await expectGuarded(path)
    else expectNobody(await visit(app.proxy, `https://app.test${path}`))
  }

  it('Clerk CVE-2024-22206: proxy, page, route handler and fresh lookup agree who it is, 240 times', {
    timeout: PATIENCE,
  }, async () => {
    const other = app.with({ secret: OTHER_SECRET })
    const { getSession, protectRoute, requireSession } = functions()
    const inRoute = protectRoute((_, { session }) => new Response(nameOf(session)))
    const mallory = await app.signIn('mallory')

    async function readBy(headers: Record<string, string>): Promise<readonly string[]> {
      const route = await callRoute({ GET: inRoute }, 'GET', { headers })
      const asked = await routeBrowser().run(getSession, headers)
      const required = await routeBrowser().run(() => requireSession(), headers)
      return [
        route.status === 401 ? 'nobody' : await route.text(),
        nameOf(asked.value),
        required.value
          ? nameOf(required.value)
          : String(required.thrown).replace(/^NEXT_REDIRECT;.*/, 'nobody'),
      ]
    }

    let count = 0
    for (let n = 0; n < 20; n += 1) {
      const userId = `user-${n}`
      const [over, replaced] = [await app.signIn(userId, { idle: 60_000 }), await app.signIn(userId)]
      const before = await app.engine.recognise([replaced])
      if (before.outcome === 'active') await app.lifecycle.rotate(before)
      app.clock.now += 60_000
      const { seen: hers } = await visit(app.proxy, '/public', { token: mallory })
      /** What a visitor may make up or have seen. Where no proxy runs, nothing removes it. */
      const made = { 'x-user-id': 'root', 'x-edge-session': hers?.get('x-edge-session') ?? '' }
      const tokens = await Promise.all([1, 2, 3, 4].map(() => app.signIn(userId)))
      const [live = '', dead = '', ended = '', moved = ''] = tokens
      const foreign = await other.signIn(userId)
      const handled = await app.engine.recognise([moved])
      if (handled.outcome === 'active') await app.lifecycle.rotate(handled)
      const opened = await app.engine.open([dead])
      if (typeof opened !== 'string') await app.lifecycle.destroy(opened)
      const id = await app.engine.open([ended])
      if (typeof id !== 'string') await app.lifecycle.revoke({ userId, id: id.id })
      const states: readonly (readonly [string, ...string[]])[] = [
        [userId, live],
        ['nobody', dead],
        ['nobody', ended],
        [userId, moved],
        ['nobody', foreign],
        ['nobody', over],
        ['nobody', replaced],
        ['nobody', live, moved],
        [userId, live, 'junk'],
        ['nobody', `${live}x`],
        ['mallory', mallory],
        ['nobody', live.replace(/\.\..*/, `..${'A'.repeat(16)}.${btoa('{"u":"root"}')}.${'A'.repeat(22)}`)],
      ]
      for (const [right, ...presented] of states) {
        const cookie = presented.map((value) => `__Host-session=${value}`).join('; ')
        const { seen } = await visit(app.proxy, '/public', { cookie, headers: made })
        // The page sees the cookie as the proxy leaves it: renewed, and without junk beside it.
        const kept = cookieValues(seen?.get('cookie') ?? null, '__Host-session')
        const page = await app.engine.takeOver(seen?.get('x-edge-session') ?? '', kept)
        const names = [
          ...[page, await app.engine.recognise(presented)],
          await app.engine.recognise(presented, { fresh: true }),
        ].map((found) => nameOf(found?.outcome === 'active' ? found.session : null))
        names.push(...(await readBy(Object.fromEntries(seen ?? []))), ...(await readBy({ cookie, ...made })))
        expect({
          presented,
          user: seen?.get('x-user-id') ?? 'nobody',
          sessions: new Set(names).size,
        }).toEqual({
          presented,
          user: right,
          sessions: 1,
        })
        expect(names[0]).toMatch(new RegExp(`^${right}( |$)`))
        count += 1
      }
    }
    expect(count).toBe(240)
  })

  it('better-auth GHSA-x732: slashes are one slash', async () => {
    for (const path of [
      '//dashboard',
      '/dashboard//a',
      '///dashboard///',
      '/dashboard/',
      '/files//private/x',
    ])
      await expectGuarded(path)
    for (const path of ['/.//dashboard', '/x/..//dashboard', '/files/./private', '/acme//settings//'])
      await expectGuarded(path)
  })

  it('next-auth CVE-2022-31093, auth0 CVE-2025-67490, CVE-2025-67716: a malformed way back never throws, nor leads away', () => {
    for (const value of [
      ...['%', '%zz', '/%', '/%c0%af', 'http://[', '//[::', '\ud800', '/\ud800', 'x'.repeat(100_000)],
      ...['/?next=//evil.test', '/&prompt=none', '/\r\nset-cookie:a=b', 'javascript:x', '/\\/evil.test'],
      ...[null, undefined, 0, Number.NaN, [], {}, Symbol.iterator, () => '/'],
    ]) {
      const target = safeRedirectPath(value, '/home')
      expect(new URL(target, 'https://app.test').origin).toBe('https://app.test')
    }
  })

  it('auth0 CVE-2025-48947, WorkOS CVE-2025-64762, Supabase #1682: no response with our cookie may be stored', async () => {
    const quick = app.with({ rotateEvery: '1s' })
    const stale = await quick.signIn('alice')
    quick.clock.now += 2_000
    for (const [proxy, value] of [
      [quick.proxy, stale],
      [app.proxy, 'garbage'],
    ] as const)
      for (const path of ['/public', '/dashboard', '/public.rsc']) {
        const { setCookies, response } = await visit(proxy, path, { token: value })
        expect(setCookies).toHaveLength(1)
        expect(response.headers.get('cache-control')).toBe('private, no-store')
      }
  })

  it('WorkOS, the same fix: the sealed identity goes to the page, and never into the response', async () => {
    const { response, seen } = await visit(app.proxy, '/public', { token })
    expectAllowedHeaders(response)
    expect(seen?.get('x-edge-session')).toMatch(/^[\w-]+\.\.[\w.-]+$/)
    expect(response.headers.has('x-edge-session') || response.headers.has('x-user-id')).toBe(false)
  })
})

describe('sealed copies of sessions in a cookie (cache.snapshot)', () => {
  const LAG = 5_000
  const options: EdgeSessionOptions = {
    cache: { revocationLag: LAG, snapshot: '1m' },
    protect: { routes: [{ path: '/inside', allow: ({ role }) => role === 'proven' }] },
  }
  const cookieOf = (token: string, copies: readonly string[]) =>
    [`__Host-session=${token}`, ...copies.map((copy) => `__Host-session-snapshot=${copy}`)].join('; ')

  /** Has a node read the feed of changes, though it knows nobody's session but this one. */
  const readFeed = async (node: TestInstance) => node.engine.recognise([await somebody])
  let somebody: Promise<string>
  beforeAll(() => {
    somebody = app.with(options).signIn('somebody')
  })

  /** The copy that a visitor is given: with the second page view, as the first one begins to read the feed. */
  async function copyOf(token: string, node: TestInstance): Promise<string> {
    await visit(node.proxy, '/public', { token })
    await visit(node.proxy, '/public', { token })
    const { setCookies } = await visit(node.proxy, '/public', { token })
    const [, copy] = /^__Host-session-snapshot=([^;]+)/.exec(setCookies.join()) ?? []
    if (copy === undefined) throw new Error(`no copy: ${setCookies.join()}`)
    return copy
  }

  async function held(token: string, node: TestInstance) {
    const recognised = await node.engine.recognise([token], { fresh: true })
    if (recognised.outcome !== 'active') throw new Error(recognised.outcome)
    return recognised
  }

  /** 200 for who has shown a second factor, 403 for who has not yet, 307 for nobody. */
  const inside = async (node: TestInstance, token: string, ...copies: readonly string[]) =>
    (await visit(node.proxy, '/inside', { cookie: cookieOf(token, copies) })).status

  /** The same in a route handler that no proxy stands before; 401 for nobody. */
  async function insideRoute(token: string, ...copies: readonly string[]): Promise<number> {
    const { protectRoute } = functions(options)
    const GET = protectRoute(() => new Response(), { allow: ({ role }) => role === 'proven' })
    return (await callRoute({ GET }, 'GET', { headers: { cookie: cookieOf(token, copies) } })).status
  }

  it('better-auth GHSA-xg6x: no copy, of whomever, signs anybody in or proves a second factor', {
    timeout: PATIENCE,
  }, async () => {
    const node = app.with(options)
    const signIn = (userId: string, role: string) => node.signIn(userId, { role })
    const [revoked, replaced] = [await signIn('alice', 'proven'), await signIn('alice', 'pending')]
    const former = [await copyOf(revoked, node), await copyOf(replaced, node)]
    await node.lifecycle.revoke((await held(revoked, node)).record)
    const { token: after } = await node.lifecycle.reauthenticate(await held(replaced, node), {
      role: 'proven',
    })
    const [pending, proven] = [await signIn('alice', 'pending'), await signIn('alice', 'proven')]
    const bob = await signIn('bob', 'proven')
    // The copies from here on stand behind all these changes.
    app.clock.now += LAG
    await readFeed(node)
    const copies: string[] = []
    for (const token of [pending, proven, after, bob]) copies.push(await copyOf(token, node))
    for (const [n, token] of [pending, proven, after, bob].entries()) {
      const of = () => inside(app.with(options), token, copies[n] ?? '')
      // That of the feed: they are believed.
      expect((await app.commandsDuring(of)).commands).toBe(1)
    }

    const [own = ''] = copies
    const unsealed = await createSeal([SECRET]).unseal('snapshot', own)
    const claims = unsealed.kind === 'opened' ? (unsealed.claims as { n: string }) : { n: '' }
    const wanted = { ...claims, n: claims.n.replace('pending', 'proven') }
    // Whoever has the secret can.
    const sealed = await createSeal([SECRET]).seal('snapshot', wanted)
    expect(await inside(app.with(options), pending, sealed)).toBe(200)
    const { seen } = await visit(node.proxy, '/public', { token: proven })
    const forged = [
      await createSeal([OTHER_SECRET]).seal('snapshot', wanted),
      ...[btoa(JSON.stringify(wanted)), JSON.stringify(wanted).replaceAll(';', ''), 'junk', ''],
      // What is sealed with our secret, but for another purpose.
      ...[proven, pending, seen?.get('x-edge-session') ?? ''],
      ...flips(own, 40),
    ]
    const carried = [[], copies.slice(0, 2), ...[...former, ...copies, ...forged].map((copy) => [copy])]
    for (const [token, ...right] of [
      [pending, 403, 403],
      [revoked, 307, 401],
      [replaced, 307, 401],
      [own, 307, 401],
      [proven, 200, 200],
    ] as const)
      for (const [at, presented] of carried.entries()) {
        // New to the session: what it knows of it is what it is shown, or what KV says.
        const came = [
          await inside(app.with(options), token, ...presented),
          await insideRoute(token, ...presented),
        ]
        expect({ right, at, came }).toEqual({ right, at, came: right })
      }
    report('copies of sessions', { count: carried.length })
  })

  const CHANGES: Record<
    string,
    [right: number, change: (token: string, node: TestInstance) => Promise<unknown>]
  > = {
    'a sign-out': [307, async (token, node) => node.lifecycle.destroy((await held(token, node)).token)],
    'a revocation': [307, async (token, node) => node.lifecycle.revoke((await held(token, node)).record)],
    'a sign-out everywhere': [307, (_, node) => node.lifecycle.revokeAll('alice', { except: null })],
    'a new proof': [
      307,
      async (token, node) => node.lifecycle.reauthenticate(await held(token, node), { role: 'proven' }),
    ],
    'a factor taken away': [
      403,
      async (token, node) =>
        node.lifecycle.update(await held(token, node), (record) => ({ ...record, role: 'pending' })),
    ],
  }

  it.each(Object.entries(CHANGES))(
    'better-auth GHSA-xg6x: no copy is believed longer than the lag after %s',
    async (_, [right, change]) => {
      const nodes = [1, 2, 3, 4].map(() => app.with(options))
      for (const node of nodes) await readFeed(node)
      const [knows = app, told = app, elsewhere = app] = nodes
      const token = await elsewhere.signIn('alice', { role: 'proven' })
      const copy = await copyOf(token, elsewhere)
      // From the copy alone.
      const { result, commands } = await app.commandsDuring(() => inside(knows, token, copy))
      expect([result, commands]).toEqual([200, 0])
      await change(token, elsewhere)
      // Who reads of changes from the copy on has read of this one.
      expect(await inside(app.with(options), token, copy)).toBe(right)
      for (const passes of [LAG, LAG, 40_000, 20_000, 600_000]) {
        app.clock.now += passes
        await readFeed(told)
        for (const node of [...nodes, app.with(options)])
          expect([passes, await inside(node, token, copy)]).toEqual([passes, right])
        expect(await insideRoute(token, copy)).toBe(right === 307 ? 401 : right)
      }
    },
  )
})
