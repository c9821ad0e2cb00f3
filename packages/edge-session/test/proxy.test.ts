import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createProxy } from '../src/lib/create-proxy.ts'
import { decodeUserId } from '../src/lib/identity.ts'
import type { KVTransport } from '../src/lib/kv-transport.ts'
import type { ProxyFunction } from '../src/lib/proxy.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { OTHER_SECRET, SECRET, startInstance, type TestInstance } from './support/instance.ts'
import { type VisitOptions, visit } from './support/visit.ts'

const PROTECT = {
  routes: ['/dashboard/:path*', '/files/private/:path*', '/:tenant/settings'],
  signIn: '/login',
} as const

let app: TestInstance & { stop(): Promise<void> }
beforeAll(async () => {
  app = await startInstance({ protect: PROTECT })
})
beforeEach(async () => {
  await app.kv.flush()
  app.events.length = 0
})
afterAll(() => app.stop())

describe('createProxy', () => {
  it('makes a proxy that knows the same sessions', async () => {
    const kv = restTransport({ url: app.kv.url, token: app.kv.token })
    const proxy = createProxy({ secret: SECRET, kv, now: () => app.clock.now, protect: PROTECT })
    const token = await app.signIn('alice')
    expect((await visit(proxy, '/dashboard', { token })).seen?.get('x-user-id')).toBe('alice')
    expect((await visit(proxy, '/dashboard')).location).toBe('https://app.test/login?next=%2Fdashboard')
  })
})

describe('proxy: anonymous visitors', () => {
  it('costs no KV command and touches nothing on a public page', async () => {
    const { result, commands } = await app.commandsDuring(() =>
      visit(app.proxy, '/public', { cookie: 'theme=dark; a=b c' }),
    )
    expect(commands).toBe(0)
    expect(result.setCookies).toEqual([])
    expect(result.response.headers.get('cache-control')).toBeNull()
    expect(result.seen?.get('cookie')).toBe('theme=dark; a=b c')
  })

  it('takes forged identity headers out of the request', async () => {
    const headers = { 'x-user-id': 'root', 'x-edge-session': 'forged', 'x-other': 'kept' }
    const { seen } = await visit(app.proxy, '/public', { headers })
    expect(seen?.has('x-user-id')).toBe(false)
    expect(seen?.has('x-edge-session')).toBe(false)
    expect(seen?.get('x-other')).toBe('kept')
  })

  it('redirects a page to sign in, with the way back', async () => {
    const { status, location, response } = await visit(app.proxy, '/dashboard/a?b=c&d=%2F')
    expect(status).toBe(307)
    expect(location).toBe('https://app.test/login?next=%2Fdashboard%2Fa%3Fb%3Dc%26d%3D%252F')
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  it('answers a posted form with 303, an API with 401, an action with 401 and the redirect its client understands', async () => {
    expect((await visit(app.proxy, '/dashboard', { method: 'POST' })).status).toBe(303)
    const api = await visit(app.with({ protect: { routes: ['/api/me'] } }).proxy, '/api/me')
    expect(api.status).toBe(401)
    expect(api.response.headers.get('content-type')).toBe('application/problem+json')
    expect(await api.response.json()).toMatchObject({ status: 401, code: 'ERR_SESSION_NOT_FOUND' })
    const action = await visit(app.proxy, '/dashboard', { method: 'POST', headers: { 'next-action': 'abc' } })
    expect(action.status).toBe(401)
    expect(action.response.headers.get('x-action-redirect')).toBe('/login?next=%2Fdashboard;replace')
    expect(action.location).toBeNull()
  })
})

describe('proxy: a token that is not in the cookie', () => {
  it.each([
    [
      'the query',
      (token: string) => ({ path: `/dashboard?session=${token}&__Host-session=${token}&sid=${token}` }),
    ],
    ['a bearer', (token: string) => ({ headers: { authorization: `Bearer ${token}` } })],
    ['another header', (token: string) => ({ headers: { 'x-session': token, '__Host-session': token } })],
    ['another cookie', (token: string) => ({ cookie: `session=${token}; __host-session=${token}` })],
    ['the path', (token: string) => ({ path: `/dashboard/${token}` })],
  ])('is nobody’s: %s', async (_, sent) => {
    const token = await app.signIn('alice')
    const { path = '/dashboard', ...options } = sent(token) as { path?: string }
    const { result, commands } = await app.commandsDuring(() => visit(app.proxy, path, options))
    expect(result.status).toBe(307)
    expect(commands).toBe(0)
  })
})

describe('proxy: signed-in visitors', () => {
  it('costs one KV command and hands the user to the page only', async () => {
    const token = await app.signIn('alice')
    const { result, commands, requests } = await app.commandsDuring(() =>
      visit(app.proxy, '/dashboard', { token }),
    )
    expect({ commands, requests }).toEqual({ commands: 1, requests: 1 })
    expect(result.seen?.get('x-user-id')).toBe('alice')
    expect(result.setCookies).toEqual([])
    expect([...result.response.headers.keys()].filter((name) => !name.startsWith('x-middleware-'))).toEqual([
      'cache-control',
    ])
    expect(result.response.headers.get('cache-control')).toBe('private, no-store')
  })

  it.each([
    '日本',
    'josé',
    ' pad ',
    '__proto__',
    'a\r\nx: y',
    'u'.repeat(200),
    '123',
    'true',
    'null',
    '\u2028',
  ])('round-trips the user id %j through the header', async (userId) => {
    const token = await app.signIn(userId)
    const { seen } = await visit(app.proxy, '/public', { token })
    expect(decodeUserId(seen?.get('x-user-id') ?? null)).toBe(userId)
  })

  it('keeps every byte of the other cookies', async () => {
    const token = await app.signIn('alice')
    const { seen } = await visit(app.proxy, '/public', {
      cookie: `a=%zz;b=x y; __Host-session=${token}; c="q"`,
    })
    expect(seen?.get('cookie')).toBe(`a=%zz; b=x y; c="q"; __Host-session=${token}`)
  })

  it('records activity in the background, once per interval', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 61_000
    const first = await app.commandsDuring(() => visit(app.proxy, '/public', { token }))
    const second = await app.commandsDuring(() => visit(app.proxy, '/public', { token }))
    expect([first.commands, second.commands]).toEqual([2, 1])
  })

  it('keeps a session that is recorded by a clock with fractions', async () => {
    const token = await app.signIn('alice')
    const precise = app.with({ now: () => app.clock.now + 61_000.25 })
    await visit(precise.proxy, '/dashboard', { token })
    expect(precise.events.map(({ type }) => type)).toContain('touch')
    expect((await visit(precise.proxy, '/dashboard', { token })).status).toBe(200)
  })

  it('takes a check that nobody asked for as no activity', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 61_000
    const headers = { 'x-edge-session-passive': '1' }
    const passive = await app.commandsDuring(() => visit(app.proxy, '/public', { token, headers }))
    const active = await app.commandsDuring(() => visit(app.proxy, '/public', { token }))
    expect([passive.commands, active.commands]).toEqual([1, 2])
  })

  it('lets pass only whom the rule allows', async () => {
    const { proxy } = app.with({
      protect: { routes: [{ path: '/admin', allow: ({ role }) => role === 'admin' }] },
    })
    const [alice, bob] = [
      await app.signIn('alice', { role: 'admin' }),
      await app.signIn('bob', { role: 'member' }),
    ]
    expect((await visit(proxy, '/admin', { token: alice })).seen?.get('x-user-id')).toBe('alice')
    expect((await visit(proxy, '/admin', { token: bob })).status).toBe(403)
  })
})

describe('proxy: Server-Timing', () => {
  it('is sent only where asked for, and tells outcome and duration alone', async () => {
    const token = await app.signIn('alice')
    const { proxy } = app.with({ serverTiming: true })
    const timing = async (run: ProxyFunction, path: string, value: string) =>
      (await visit(run, path, { token: value })).response.headers.get('server-timing')
    expect(await timing(app.proxy, '/public', token)).toBeNull()
    expect(await timing(proxy, '/public', token)).toBe('session;desc="active";dur=0')
    expect(await timing(proxy, '/dashboard', 'garbage')).toBe('session;desc="none";dur=0')
    expect(await timing(app.proxy, '/dashboard', 'garbage')).toBeNull()
  })
})

describe('proxy: a HEAD request', () => {
  it('is answered as a GET is', async () => {
    const { setCookies } = await visit(app.proxy, '/public', { method: 'HEAD', token: 'garbage' })
    expect(setCookies).toHaveLength(1)
    expect((await visit(app.proxy, '/dashboard', { method: 'HEAD' })).status).toBe(307)
  })
})

describe('proxy: a token that is sealed anew', () => {
  it('is activity as well, when that is due', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 86_400_000
    const { setCookies } = await visit(app.with({ secret: [OTHER_SECRET, SECRET] }).proxy, '/public', {
      token,
    })
    expect(setCookies).toHaveLength(1)
    const [record] = await app.lifecycle.list('alice')
    expect(record?.lastSeenAt).toBe(app.clock.now)
  })
})

describe('proxy: a renewed cookie', () => {
  it('lasts as long as the session may, from now on', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 86_400_000
    const { setCookies } = await visit(app.with({ rotateEvery: '1d' }).proxy, '/public', { token })
    expect(setCookies).toEqual([expect.stringContaining(`; Max-Age=${29 * 86_400};`)])
  })
})

describe('proxy: where a server action redirects to, and Next.js asks by itself', () => {
  it.each([0, 2_000])('sets no cookie, as Next.js drops it, with %i bytes of data', async (bytes) => {
    const token = await app.signIn('alice', { data: { text: 'x'.repeat(bytes) } })
    app.clock.now += 86_400_000
    const { proxy } = app.with({ rotateEvery: '1d' })
    const action = await visit(proxy, '/public', { token, method: 'POST', headers: { 'next-action': 'x' } })
    const headers = Object.fromEntries(action.seen ?? [])
    const inside = await visit(proxy, '/dashboard', { headers, cookie: headers.cookie ?? '' })
    expect([inside.setCookies, inside.seen?.get('x-user-id')]).toEqual([[], 'alice'])
    expect((await visit(proxy, '/dashboard', { token })).setCookies).toHaveLength(1)
  })

  it('is nothing that a visitor can pretend', async () => {
    const token = await app.signIn('alice')
    const other = await visit(app.proxy, '/public', { token: await app.signIn('bob') })
    app.clock.now += 86_400_000
    const { proxy } = app.with({ rotateEvery: '1d' })
    for (const forged of ['x', token, other.seen?.get('x-edge-session') ?? '']) {
      const headers = { 'x-edge-session': forged }
      expect(
        (await visit(proxy, '/public', { token: await app.signIn('alice'), headers })).setCookies,
      ).toEqual([])
      expect((await visit(proxy, '/public', { token, headers })).setCookies).toHaveLength(1)
    }
  })
})

describe('proxy: a page that a server action sends along', () => {
  const cacheControl = async (options: VisitOptions) =>
    (await visit(app.proxy, '/public', options)).response.headers.get('cache-control')

  it('is kept by no cache, as the cookies of the action come with it', async () => {
    // What Next.js asks for by itself has the headers of the action's answer.
    const headers = { 'x-action-redirect': '/public;push' }
    expect(await cacheControl({ headers })).toBe('private, no-store')
    expect(await cacheControl({ headers, token: await app.signIn('alice') })).toBe('private, no-store')
  })

  it('is none that a browser asks for', async () => {
    expect(await cacheControl({})).toBeNull()
    expect(await cacheControl({ token: await app.signIn('alice') })).toBeNull()
  })
})

describe('proxy: KV that took its time', () => {
  it.each([
    [11, 0],
    [9, 1],
  ])('to answer, %i s of 20, is not asked for a new token as well', async (seconds, cookies) => {
    const token = await app.signIn('alice')
    app.clock.now += 90_000_000
    const slow: KVTransport = async (...call) => {
      app.clock.now += seconds * 1_000
      return restTransport(app.kv)(...call)
    }
    const { proxy } = app.with({ rotateEvery: '1d', kv: slow, kvTimeout: '20s' })
    expect((await visit(proxy, '/public', { token })).setCookies).toHaveLength(cookies)
  })
})

describe('proxy: a visitor whose new token was lost', () => {
  it('gets it again within the grace, however long KV takes', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 90_000_000
    await visit(app.with({ rotateEvery: '1d' }).proxy, '/public', { token })
    const slow: KVTransport = async (...call) => {
      app.clock.now += 11_000
      return restTransport(app.kv)(...call)
    }
    const { proxy } = app.with({ rotateEvery: '1d', kv: slow, kvTimeout: '20s' })
    const { setCookies } = await visit(proxy, '/public', { token })
    expect(setCookies).toEqual([expect.stringMatching(/^__Host-session=[\w.-]{100,};/)])
  })
})

describe('proxy: whoever wraps it', () => {
  it.each([
    ['a renewed cookie', '/public', true],
    ['a cleared one', '/public', false],
    ['one cleared on the way to sign in', '/dashboard', false],
  ])('and sets a cookie of their own keeps ours: %s', async (_, path, alive) => {
    const token = alive ? await app.signIn('alice') : 'garbage'
    app.clock.now += 86_400_000
    const { proxy } = app.with({ rotateEvery: '1d' })
    const wrapped: typeof proxy = async (request, event) => {
      const response = await proxy(request, event)
      response.cookies.set('seen', '1')
      return response
    }
    const { setCookies } = await visit(wrapped, path, { token })
    expect(setCookies).toHaveLength(2)
    expect(setCookies).toContain('seen=1; Path=/')
    const ours = alive
      ? /^__Host-session=[\w.-]{100,}; Path=\/; /
      : /^__Host-session=; Path=\/; Expires=Thu, 01 Jan 1970/
    expect(setCookies).toContainEqual(expect.stringMatching(ours))
    expect(setCookies).toContainEqual(expect.stringMatching(/Secure; HttpOnly; SameSite=lax$/))
  })
})

describe('proxy: dead cookies', () => {
  it('asks the primary before it believes a miss, clears the cookie once and hides it from the page', async () => {
    const token = await app.signIn('alice')
    await app.lifecycle.revokeAll('alice', { except: null })
    const { result, commands } = await app.commandsDuring(() =>
      visit(app.proxy, '/public', { cookie: `a=1; __Host-session=${token}` }),
    )
    expect(commands).toBe(2)
    expect(result.setCookies).toEqual([
      '__Host-session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
    ])
    expect(result.response.headers.get('cache-control')).toBe('private, no-store')
    expect(result.seen?.get('cookie')).toBe('a=1')
    expect(app.events).toContainEqual(
      expect.objectContaining({ type: 'none', reason: 'revoked', kvCommands: 2 }),
    )
  })

  it.each(['/public', '/dashboard'])(
    'leaves a dead one alone where a page asks for %s by itself: a sign-in at the same time may have replaced it',
    async (path) => {
      const token = await app.signIn('alice')
      await app.lifecycle.revokeAll('alice', { except: null })
      for (const [destination, cleared] of [
        ['empty', 0],
        ['image', 0],
        ['document', 1],
      ] as const) {
        const headers = { 'sec-fetch-dest': destination }
        const { setCookies, seen, status } = await visit(app.proxy, path, { token, headers })
        expect([destination, setCookies.length]).toEqual([destination, cleared])
        expect([seen?.get('cookie') ?? null, status]).toEqual([null, path === '/public' ? 200 : 307])
      }
    },
  )

  it('clears it on the redirect to sign in as well', async () => {
    const { status, setCookies } = await visit(app.proxy, '/dashboard', { cookie: '__Host-session=garbage' })
    expect(status).toBe(307)
    expect(setCookies).toHaveLength(1)
  })

  it('costs no KV command when the token is malformed, forged or expired', async () => {
    const token = await app.signIn('alice')
    const flipped = token.slice(0, -5) + (token.at(-5) === 'A' ? 'B' : 'A') + token.slice(-4)
    app.clock.now += app.engine.config.absolute
    for (const value of ['garbage', flipped, token, 'a'.repeat(9_000), '..', 'a.b.c.d.e', '%00']) {
      const { result, commands } = await app.commandsDuring(() =>
        visit(app.proxy, '/public', { token: value }),
      )
      expect(commands).toBe(0)
      expect(result.seen?.has('x-user-id')).toBe(false)
      expect(result.setCookies).toHaveLength(1)
    }
  })

  it('never sets a cookie on a request that may end in one of the app', async () => {
    const { setCookies, seen } = await visit(app.proxy, '/login', {
      method: 'POST',
      cookie: '__Host-session=garbage',
    })
    expect(setCookies).toEqual([])
    expect(seen?.has('cookie')).toBe(false)
  })

  it('keeps a cookie that another deployment may still accept', async () => {
    const token = await app.with({ secret: OTHER_SECRET }).signIn('alice')
    const { setCookies, seen } = await visit(app.proxy, '/public', { token })
    expect(setCookies).toEqual([])
    expect(seen?.has('cookie')).toBe(false)
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'none', reason: 'unknown-key' }))
  })
})

describe('proxy: several cookies of one name', () => {
  it('accepts the only one that is ours and hides the rest', async () => {
    const token = await app.signIn('alice')
    const { seen } = await visit(app.proxy, '/public', {
      cookie: `__Host-session=junk; __Host-session=${token}; __Host-session=`,
    })
    expect(seen?.get('x-user-id')).toBe('alice')
    expect(seen?.get('cookie')).toBe(`__Host-session=${token}`)
  })

  it('takes two valid ones for nobody, and clears neither', async () => {
    const [alice, bob] = [await app.signIn('alice'), await app.signIn('bob')]
    const { seen, setCookies } = await visit(app.proxy, '/public', {
      cookie: `__Host-session=${alice}; __Host-session=${bob}`,
    })
    expect(seen?.has('x-user-id')).toBe(false)
    expect(setCookies).toEqual([])
  })

  it.each([
    '__host-session',
    '__Host-Session',
    '\u00a0__Host-session',
    '__Host-session\u2003',
    '$Version=1; x__Host-session',
  ])('does not take %j for our name', async (name) => {
    const token = await app.signIn('alice')
    const cookie = Buffer.from(`${name}=${token}`).toString('latin1')
    const { seen } = await visit(app.proxy, '/public', { cookie })
    expect(seen?.has('x-user-id')).toBe(false)
  })
})

describe('proxy: KV does not answer', () => {
  it('refuses protected paths with 503, serves public ones, and signs nobody out', async () => {
    const token = await app.signIn('alice')
    await app.kv.pause()
    try {
      const guarded = await visit(app.proxy, '/dashboard', { token })
      expect([guarded.status, guarded.response.headers.get('retry-after')]).toEqual([503, '2'])
      const open = await visit(app.proxy, '/public', { token })
      expect(open.seen?.has('x-user-id')).toBe(false)
      expect(open.seen?.get('cookie')).toBe(`__Host-session=${token}`)
      expect([...guarded.setCookies, ...open.setCookies]).toEqual([])
      expect(app.events.filter(({ type }) => type === 'unknown')).toEqual(
        Array(2).fill(expect.objectContaining({ operation: 'read', reason: 'network', kvCommands: 2 })),
      )
    } finally {
      await app.kv.resume()
    }
    expect((await visit(app.proxy, '/dashboard', { token })).seen?.get('x-user-id')).toBe('alice')
  })

  it('makes two attempts at most', async () => {
    const token = await app.signIn('alice')
    const remove = app.kv.faults.add({ action: { type: 'status', status: 500 } })
    const { requests } = await app.commandsDuring(() => visit(app.proxy, '/public', { token }))
    remove()
    expect(requests).toBe(2)
  })

  it('heals a failed read with the second attempt', async () => {
    const token = await app.signIn('alice')
    const remove = app.kv.faults.add({ match: { nth: 1 }, action: { type: 'reset', when: 'before' } })
    const { seen } = await visit(app.proxy, '/dashboard', { token })
    remove()
    expect(seen?.get('x-user-id')).toBe('alice')
  })
})

describe('proxy: the identity handed to the page', () => {
  it('is accepted beside its own token only, for a minute', async () => {
    const [alice, bob] = [await app.signIn('alice'), await app.signIn('bob')]
    const { tokens, identities } = app.engine.parts()
    const header = (await visit(app.proxy, '/public', { token: alice })).seen?.get('x-edge-session') ?? ''
    const opened = async (token: string) => {
      const open = await tokens.open([token])
      return typeof open === 'string' ? null : identities.open(header, open)
    }
    expect(await opened(alice)).toMatchObject({ outcome: 'active', record: { userId: 'alice' } })
    expect(await opened(bob)).toBeNull()
    app.clock.now += 60_000
    expect(await opened(alice)).toBeNull()
  })

  it('is not accepted as a token, nor a token as an identity', async () => {
    const token = await app.signIn('alice')
    const { tokens, identities } = app.engine.parts()
    const header = (await visit(app.proxy, '/public', { token })).seen?.get('x-edge-session') ?? ''
    expect(await tokens.open([header])).toBe('malformed')
    const open = await tokens.open([token])
    expect(typeof open === 'string' ? 'closed' : await identities.open(token, open)).toBeNull()
  })

  it('stays under two kilobytes by leaving large data to the page', async () => {
    const token = await app.signIn('alice', { data: { note: 'x'.repeat(3_000) } })
    const { seen } = await visit(app.proxy, '/public', { token })
    expect(seen?.get('x-edge-session')?.length).toBeLessThan(2_000)
  })
})

describe('proxy: secret change', () => {
  it('accepts the old secret and seals anew with the first', async () => {
    const token = await app.signIn('alice')
    const next = app.with({ secret: [OTHER_SECRET, SECRET] })
    const { seen, setCookies } = await visit(next.proxy, '/public', { token })
    expect(seen?.get('x-user-id')).toBe('alice')
    const renewed = setCookies[0]?.match(/^__Host-session=([^;]+)/)?.[1] ?? ''
    expect(
      (await visit(app.with({ secret: OTHER_SECRET }).proxy, '/public', { token: renewed })).seen?.get(
        'x-user-id',
      ),
    ).toBe('alice')
  })
})

describe('proxy: paths', () => {
  it.each([
    '/dashboard',
    '/Dashboard',
    '/DASHBOARD/',
    '/%64ashboard',
    '/dashboard/a/b',
    '/files/%70rivate/x',
    '/files/private',
    '/%61cme/settings',
    '/acme/%73ettings',
    '/dashboard.rsc',
    '/dashboard.segments/_tree.segment.rsc',
    '/_next/data/BUILD/dashboard.json',
    '//dashboard',
    '/%2564ashboard',
  ])('guards %s', async (path) => {
    const { status } = await visit(app.proxy, `https://app.test${path}`)
    expect([307, 400]).toContain(status)
  })

  it.each([
    '/files%2fprivate/x',
    '/files/%5cprivate',
    '/files/x%2f..%2fprivate/y',
    '/%zz',
    '/a%00b',
    '/%c0%af',
    '/files/public/%2e%2e%2fprivate',
  ])('answers %s with 400', async (path) => {
    expect((await visit(app.proxy, path)).status).toBe(400)
  })

  it('guards whatever character stands in a segment, encoded or not', async () => {
    const everything = Array.from(
      { length: 0x7f },
      (_, code) => `%${(code + 1).toString(16).padStart(2, '0')}`,
    )
    const segments = [
      ...everything,
      '%e6%97%a5',
      '%f0%9f%92%a9',
      '%c2%85',
      '%e2%80%a8',

      'a;b',
      'a@b',
      "a'b",
    ]
    for (const segment of segments) {
      for (const path of [
        `/dashboard/${segment}`,
        `/dashboard/x${segment}/y`,
        `/files/private/${segment}`,
        `/t${segment}/settings`,
      ]) {
        expect({ path, status: (await visit(app.proxy, path)).status }).toEqual({
          path,
          status: expect.toBeOneOf([307, 400]),
        })
      }
    }
  })

  it('never protects the sign-in page, however wide a rule is', async () => {
    const { proxy } = app.with({ protect: { routes: ['/:path*'], signIn: '/login' } })
    const statusOf = async (path: string) => (await visit(proxy, path)).status
    expect(
      await Promise.all(['/login', '/login/', '/', '/login/x', '/Login', '/%2566'].map(statusOf)),
    ).toEqual([200, 200, 307, 307, 307, 307])
  })

  it('protects everything but the public list when turned around', async () => {
    const { proxy } = app.with({ protect: { publicRoutes: ['/', '/about', '/files/:name'] } })
    const statusOf = async (path: string) => (await visit(proxy, path)).status
    expect(
      await Promise.all(['/', '/about', '/about/', '/files/a', '/login', '/_next/image'].map(statusOf)),
    ).toEqual([200, 200, 200, 200, 200, 200])
    expect(
      await Promise.all(['/other', '/about/x', '/ABOUT', '/_next/x', '/files/a/b'].map(statusOf)),
    ).toEqual([307, 307, 307, 307, 307])
    expect(await statusOf('/files/%2561')).toBe(200)
  })
})
