import { notFound, permanentRedirect, redirect } from 'next/navigation.js'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createEdgeSession, type EdgeSession } from '../src/lib/edge-session.ts'
import {
  InvalidArgumentError,
  SessionLimitError,
  SessionNotFoundError,
  SessionTooLargeError,
  SessionUnknownError,
  UpdateConflictError,
} from '../src/lib/errors.ts'
import type { JsonObject } from '../src/lib/record.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { appOfTests } from './support/app.ts'
import { callRoute, type RouteRequest } from './support/app-route.ts'
import { OTHER_SECRET } from './support/instance.ts'
import { routeBrowser } from './support/route-browser.ts'

const HOUR = 3_600_000
const CLEARED = /^__Host-session=; .*Max-Age=0/

const site = appOfTests()
let app: EdgeSession<JsonObject>
let cookie: string
beforeEach(async () => {
  app = site.make()
  const alice = routeBrowser()
  await alice.run(() => app.createSession({ userId: 'alice', role: 'member' }))
  cookie = `__Host-session=${alice.token}`
})

async function call(route: object, method: string, request: RouteRequest = {}) {
  const exported = { [method]: route }
  const response = await callRoute(exported, method, request)
  const text = await response.text()
  const isProblem = response.headers.get('content-type') === 'application/problem+json'
  return {
    status: response.status,
    headers: response.headers,
    text,
    code: isProblem ? (JSON.parse(text) as { code: string }).code : null,
    setCookies: response.headers.getSetCookie(),
  }
}

describe('protectRoute', () => {
  it('runs the handler with the session and what Next.js passed', async () => {
    const route = app.protectRoute(async (request, { session, params }) =>
      Response.json({ method: request.method, user: session.userId, params: await params }),
    )
    const answer = await call(route, 'GET', { headers: { cookie }, params: { id: '7' } })
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.text)).toEqual({ method: 'GET', user: 'alice', params: { id: '7' } })
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
  })

  it('answers 401 without a session, and clears a cookie that is dead only', async () => {
    const handler = vi.fn(() => new Response())
    const route = app.protectRoute(handler)
    const foreign = createEdgeSession({
      secret: OTHER_SECRET,
      kv: restTransport({ url: site.kv.url, token: site.kv.token }),
    })
    const bob = routeBrowser()
    await bob.run(() => foreign.createSession({ userId: 'bob' }))
    const none = await call(route, 'GET')
    expect([none.status, none.code, none.setCookies]).toEqual([401, 'ERR_SESSION_NOT_FOUND', []])
    expect(none.headers.get('cache-control')).toBe('private, no-store')
    const dead = await call(route, 'GET', { headers: { cookie: '__Host-session=garbage' } })
    expect([dead.status, dead.setCookies]).toEqual([401, [expect.stringMatching(CLEARED)]])
    const byScript = { cookie: '__Host-session=garbage', 'sec-fetch-dest': 'empty' }
    expect((await call(route, 'GET', { headers: byScript })).setCookies).toEqual([])
    const unknownKey = await call(route, 'GET', { headers: { cookie: `__Host-session=${bob.token}` } })
    expect([unknownKey.status, unknownKey.setCookies]).toEqual([401, []])
    expect(handler).not.toHaveBeenCalled()
  })

  it('clears the snapshot of a dead cookie as well, where visitors carry one', async () => {
    const route = site.make({ cache: { snapshot: '1m' } }).protectRoute(() => new Response())
    const dead = await call(route, 'GET', { headers: { cookie: '__Host-session=garbage' } })
    expect(dead.setCookies).toEqual([
      expect.stringMatching(CLEARED),
      expect.stringMatching(/^__Host-session-snapshot=; .*Max-Age=0/),
    ])
  })

  it('answers 503 when it is not known, and leaves the cookie alone', async () => {
    site.kv.faults.add({ action: { type: 'status', status: 500 } })
    const answer = await call(
      app.protectRoute(() => new Response()),
      'GET',
      { headers: { cookie } },
    )
    expect([answer.status, answer.code, answer.setCookies]).toEqual([503, 'ERR_SESSION_UNKNOWN', []])
    expect(answer.headers.get('retry-after')).toBe('2')
  })

  it('answers 403 to whom it does not allow', async () => {
    const only = (role: string) =>
      app.protectRoute(() => new Response('in'), { allow: (session) => session.role === role })
    expect((await call(only('member'), 'GET', { headers: { cookie } })).text).toBe('in')
    const refused = await call(only('admin'), 'GET', { headers: { cookie } })
    expect([refused.status, refused.code]).toEqual([403, 'ERR_FORBIDDEN'])
  })

  it('answers 401 when the proof is too old', async () => {
    const within = (maxAge: '1h' | '59m') => app.protectRoute(() => new Response('in'), { maxAge })
    site.now += HOUR
    expect((await call(within('1h'), 'GET', { headers: { cookie } })).text).toBe('in')
    const old = await call(within('59m'), 'GET', { headers: { cookie } })
    expect([old.status, old.code, old.setCookies]).toEqual([401, 'ERR_REAUTHENTICATION_REQUIRED', []])
  })

  it('asks the primary itself where the proof has to be new', async () => {
    const readsOf = async (route: object) => {
      const before = site.kv.journal().length
      await call(route, 'GET', { headers: { cookie } })
      return site.kv
        .journal()
        .slice(before)
        .map(({ command }) => command[0])
    }
    const handler = () => new Response()
    expect(await readsOf(app.protectRoute(handler))).toEqual(['HMGET'])
    expect(await readsOf(app.protectRoute(handler, { maxAge: '1h' }))).toEqual(['EVAL'])
  })

  it('refuses an age that is no duration when it is made', () => {
    expect(() => app.protectRoute(() => new Response(), { maxAge: '1 hour' as '1h' })).toThrow('"maxAge"')
  })
})

describe('what changes something', () => {
  const other = { 'sec-fetch-site': 'cross-site' }

  it('is refused to a page of another site, what only reads is not', async () => {
    const handler = vi.fn(() => new Response())
    for (const route of [app.publicRoute(handler), app.protectRoute(handler)]) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const refused = await call(route, method, { headers: { cookie, ...other } })
        expect([method, refused.status, refused.code]).toEqual([method, 403, 'ERR_CROSS_SITE'])
      }
      expect(handler).not.toHaveBeenCalled()
      for (const method of ['GET', 'HEAD', 'OPTIONS'])
        expect((await call(route, method, { headers: { cookie, ...other } })).status).toBe(200)
      await call(route, 'POST', { headers: { cookie, 'sec-fetch-site': 'same-origin' } })
      expect(handler).toHaveBeenCalledTimes(4)
      handler.mockClear()
    }
  })
})

describe('publicRoute', () => {
  it('needs no session, and passes on what Next.js passed', async () => {
    const route = app.publicRoute(async (request, { params }) =>
      Response.json({ method: request.method, params: await params }),
    )
    const answer = await call(route, 'GET', { params: { id: '7' } })
    expect(JSON.parse(answer.text)).toEqual({ method: 'GET', params: { id: '7' } })
  })

  it('keeps its answer out of every cache, also one whose headers can not be changed', async () => {
    const cached = app.publicRoute(() => new Response('x', { headers: { 'cache-control': 'max-age=60' } }))
    expect((await call(cached, 'GET')).headers.get('cache-control')).toBe('private, no-store')
    const redirected = await call(
      app.publicRoute(() => Response.redirect('https://app.test/elsewhere', 303)),
      'GET',
    )
    expect(redirected.status).toBe(303)
    expect(redirected.headers.get('location')).toBe('https://app.test/elsewhere')
    expect(redirected.headers.get('cache-control')).toBe('private, no-store')
  })

  it.each([
    [() => redirect('/a;b?c=1;'), 307, '/a;b?c=1;'],
    [() => redirect('https://idp.test/'), 307, 'https://idp.test/'],
    [() => permanentRedirect('/a'), 308, '/a'],
  ])(
    'keeps a redirect that Next.js would make of what is thrown out of every cache: %s',
    async (go, status, location) => {
      const route = app.publicRoute(async () => {
        await app.createSession({ userId: 'alice' })
        return go()
      })
      const answer = await call(route, 'GET')
      expect([answer.status, answer.headers.get('location')]).toEqual([status, location])
      expect(answer.setCookies).toHaveLength(1)
      expect(answer.headers.get('cache-control')).toBe('private, no-store')
    },
  )

  it.each([
    ['application/x-www-form-urlencoded', 303],
    ['multipart/form-data; boundary=x', 303],
    ['application/json', 307],
  ])('posts no form again where it is sent on to: %s', async (type, status) => {
    const request = new Request('https://app.test/', {
      method: 'POST',
      body: 'password=canary',
      headers: { 'content-type': type, 'sec-fetch-site': 'same-origin' },
    })
    const context = { params: Promise.resolve({}) }
    const route = app.publicRoute(() => redirect('/a'))
    expect((await route(request, context)).status).toBe(status)
  })

  it('keeps the new token of a step-up whose handler then calls notFound()', async () => {
    const route = app.protectRoute(async () => {
      await app.reauthenticate()
      notFound()
    })
    const answer = await call(route, 'GET', { headers: { cookie } })
    expect(answer.status).toBe(404)
    expect(answer.setCookies).toHaveLength(1)
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
  })

  it('throws on whatever else is thrown', async () => {
    for (const digest of ['NEXT_HTTP_ERROR_FALLBACK;402', 'NEXT_REDIRECT', 'NEXT_REDIRECT;push;/a;200;', 7]) {
      const error = Object.assign(new Error('canary'), { digest })
      const route = app.publicRoute(() => Promise.reject(error))
      const answering = route(new Request('https://app.test/'), { params: Promise.resolve({}) })
      await expect(answering).rejects.toBe(error)
    }
  })

  it.each([
    [new SessionUnknownError('update'), 503, 'ERR_SESSION_UNKNOWN'],
    [new SessionNotFoundError(), 401, 'ERR_SESSION_NOT_FOUND'],
    [new InvalidArgumentError('canary'), 400, 'ERR_INVALID_ARGUMENT'],
    [new SessionLimitError(), 409, 'ERR_SESSION_LIMIT'],
    [new UpdateConflictError(), 409, 'ERR_UPDATE_CONFLICT'],
    [new SessionTooLargeError(5_000, 4_096), 413, 'ERR_SESSION_TOO_LARGE'],
  ])('answers %s', async (error, status, code) => {
    const answer = await call(
      app.publicRoute(() => {
        throw error
      }),
      'POST',
    )
    expect([answer.status, answer.code]).toEqual([status, code])
    expect(answer.text).not.toContain('canary')
    expect(JSON.parse(answer.text)).toEqual({
      type: 'about:blank',
      title: expect.stringMatching(/^[A-Z].{10,}/),
      status,
      code,
    })
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
  })

  it("leaves the app's own errors to Next.js", async () => {
    const error = new Error('mine')
    const route = app.publicRoute(async () => {
      throw error
    })
    const { thrown } = await routeBrowser().run(() =>
      route(new Request('https://app.test/'), { params: Promise.resolve({}) }),
    )
    expect(thrown).toBe(error)
  })
})
