import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createEdgeSession, type EdgeSession } from '../src/lib/edge-session.ts'
import type { JsonObject } from '../src/lib/record.ts'
import type { SessionHandlers } from '../src/lib/session-handlers.ts'
import type { SessionStore } from '../src/lib/session-store.ts'
import { appOfTests } from './support/app.ts'
import { callRoute, type RouteRequest } from './support/app-route.ts'
import { SECRET } from './support/instance.ts'

const CRON_SECRET = 'cron-secret-of-the-test'

const site = appOfTests()
let app: EdgeSession<JsonObject>
let handlers: SessionHandlers

beforeEach(() => {
  app = site.make()
  handlers = app.sessionHandlers({ cronSecret: CRON_SECRET })
})
afterEach(() => vi.unstubAllEnvs())

/** A browser of its own: signed in through a real route handler, with the cookie that made it. */
async function signIn(userId: string, data: JsonObject = {}): Promise<Browser> {
  const answer = async () =>
    Response.json(await app.createSession({ userId, role: 'member', data, ip: '192.0.2.1' }))
  const response = await callRoute({ POST: answer }, 'POST', { headers: { 'user-agent': 'Test browser' } })
  const [cookie = ''] = response.headers.getSetCookie()[0]?.split(';') ?? []
  const { id } = (await response.json()) as { id: string }
  return {
    id,
    send: (route, method, { headers, params } = {}) =>
      callRoute(route, method, { headers: { cookie, ...headers }, ...(params && { params }) }),
  }
}

interface Browser {
  readonly id: string
  send(route: object, method: string, request?: RouteRequest): Promise<Response>
}

describe('session', () => {
  it('gives what scripts may know, and nothing of device and address', async () => {
    const alice = await signIn('alice', { theme: 'dark' })
    const response = await alice.send(handlers.session, 'GET')
    const { session } = (await response.json()) as { session: JsonObject }
    expect(response.status).toBe(200)
    expect(session).toMatchObject({ id: alice.id, userId: 'alice', role: 'member', data: { theme: 'dark' } })
    expect(Object.keys(session).sort()).toEqual(
      ['authenticatedAt', 'createdAt', 'data', 'expiresAt', 'id', 'lastSeenAt', 'role', 'userId'].sort(),
    )
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('gives of the data what the app exposes', async () => {
    const alice = await signIn('alice', { theme: 'dark', internalNote: 'secret' })
    const { session } = app.sessionHandlers({ expose: ({ data: { theme } }) => ({ theme }) })
    const { data } = ((await (await alice.send(session, 'GET')).json()) as { session: JsonObject }).session
    expect(data).toEqual({ theme: 'dark' })
  })

  it('answers a visitor without session with null, without asking KV', async () => {
    const before = site.kv.stats().commands
    const response = await callRoute(handlers.session, 'GET')
    expect([response.status, await response.json()]).toEqual([200, { session: null }])
    expect(site.kv.stats().commands - before).toBe(0)
  })

  it('answers 503 when it is not known, and leaves the cookie alone', async () => {
    const alice = await signIn('alice')
    site.kv.faults.add({ action: { type: 'status', status: 500 } })
    const response = await alice.send(handlers.session, 'GET')
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'ERR_SESSION_UNKNOWN' })
    expect(response.headers.getSetCookie()).toEqual([])
  })
})

describe('sessions', () => {
  it('lists the sessions of the user alone, each with what a session manager shows', async () => {
    const [laptop] = [await signIn('alice'), await signIn('alice'), await signIn('bob')]
    const list = (await (await laptop.send(handlers.sessions, 'GET')).json()) as JsonObject[]
    expect(list.map(({ current }) => current).sort()).toEqual([false, true])
    expect(list.find(({ current }) => current)).toEqual({
      id: laptop.id,
      current: true,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      lastSeenAt: expect.stringMatching(/^\d{4}-.*Z$/),
      userAgent: 'Test browser',
      ip: '192.0.2.1',
    })
  })

  it('lists them where Next.js names the path and gives none', async () => {
    const alice = await signIn('alice')
    const request = new Request('https://app.test/api/sessions')
    const list = () => handlers.sessions.GET(request, { params: Promise.resolve({ path: undefined }) })
    const response = await alice.send({ GET: list }, 'GET')
    expect([response.status, (await response.json()).length]).toEqual([200, 1])
  })

  it('answers 401 without a session', async () => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await callRoute(handlers.sessions, method, { params: { path: ['x'] } })
      expect([method, response.status]).toEqual([method, 401])
    }
  })

  it('ends one session by its id, under [[...path]] and under [id]', async () => {
    const laptop = await signIn('alice')
    for (const params of [(id: string) => ({ path: [id] }), (id: string) => ({ id })]) {
      const phone = await signIn('alice')
      expect((await laptop.send(handlers.sessions, 'DELETE', { params: params(phone.id) })).status).toBe(204)
      expect(await sessionOf(phone)).toBeNull()
      const again = await laptop.send(handlers.sessions, 'DELETE', { params: params(phone.id) })
      expect(again.status).toBe(404)
      expect(await again.json()).toEqual({
        type: 'about:blank',
        title: 'There is no such session',
        status: 404,
        code: 'ERR_NOT_FOUND',
      })
    }
    expect(await sessionOf(laptop)).not.toBeNull()
  })

  it("does not end another user's session", async () => {
    const [alice, bob] = [await signIn('alice'), await signIn('bob')]
    expect((await alice.send(handlers.sessions, 'DELETE', { params: { path: [bob.id] } })).status).toBe(404)
    expect(await sessionOf(bob)).not.toBeNull()
  })

  it('clears the cookie when the session it ends is the own one', async () => {
    const alice = await signIn('alice')
    const response = await alice.send(handlers.sessions, 'DELETE', { params: { path: [alice.id] } })
    expect(response.status).toBe(204)
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(CLEARED)])
    expect(await sessionOf(alice)).toBeNull()
  })

  it('ends all others', async () => {
    const [laptop, phone, tablet, bob] = [
      await signIn('alice'),
      await signIn('alice'),
      await signIn('alice'),
      await signIn('bob'),
    ]
    const response = await laptop.send(handlers.sessions, 'POST', { params: { path: ['revoke-others'] } })
    expect([response.status, await response.json()]).toEqual([200, { revoked: 2 }])
    expect(
      await Promise.all([laptop, phone, tablet, bob].map(async (one) => (await sessionOf(one)) !== null)),
    ).toEqual([true, false, false, true])
  })

  it('ends all, the own one too, and clears its cookie', async () => {
    const [laptop, phone] = [await signIn('alice'), await signIn('alice')]
    const response = await laptop.send(handlers.sessions, 'POST', { params: { path: ['revoke-all'] } })
    expect([response.status, await response.json()]).toEqual([200, { revoked: 2 }])
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(CLEARED)])
    expect([await sessionOf(laptop), await sessionOf(phone)]).toEqual([null, null])
  })

  it.each(['revoke-others', 'revoke-all'])(
    'ends no other session by %s for one that was revoked, of which a cache does not know yet',
    async (path) => {
      const elsewhere = handlers
      app = site.make({ cache: { revocationLag: '1m' } })
      handlers = app.sessionHandlers()
      const [thief, owner] = [await signIn('alice'), await signIn('alice')]
      for (let view = 0; view < 3; view += 1) await sessionOf(thief)
      await owner.send(elsewhere.sessions, 'DELETE', { params: { path: [thief.id] } })
      expect(await sessionOf(thief)).not.toBeNull()
      const response = await thief.send(handlers.sessions, 'POST', { params: { path: [path] } })
      expect(response.status).toBe(401)
      expect(await sessionOf(owner)).not.toBeNull()
    },
  )

  it('asks whether it was revoked, and answers 503 when KV does not say', async () => {
    app = site.make({ cache: { revocationLag: '1m' } })
    handlers = app.sessionHandlers()
    const alice = await signIn('alice')
    for (let view = 0; view < 3; view += 1) await sessionOf(alice)
    site.kv.faults.add({ action: { type: 'status', status: 500 } })
    const response = await alice.send(handlers.sessions, 'POST', { params: { path: ['revoke-all'] } })
    expect([response.status, response.headers.getSetCookie()]).toEqual([503, []])
  })

  it('answers 404 to anything else below it', async () => {
    const alice = await signIn('alice')
    for (const [method, path] of [
      ['GET', ['x']],
      ['POST', []],
      ['POST', ['revoke-others', 'x']],
      ['POST', ['revoke-all', 'x']],
      ['POST', ['constructor']],
      ['DELETE', []],
      ['DELETE', [alice.id, 'x']],
    ] as const) {
      const response = await alice.send(handlers.sessions, method, { params: { path: [...path] } })
      expect([method, path, response.status]).toEqual([method, path, 404])
    }
    expect(await sessionOf(alice)).not.toBeNull()
  })

  it('answers 503 when KV does not answer, and ends nothing', async () => {
    const [laptop, phone] = [await signIn('alice'), await signIn('alice')]
    const stop = site.kv.faults.add({ action: { type: 'status', status: 500 } })
    const response = await laptop.send(handlers.sessions, 'DELETE', { params: { path: [phone.id] } })
    stop()
    expect(response.status).toBe(503)
    expect(await sessionOf(phone)).not.toBeNull()
  })
})

describe('clearSiteData', () => {
  const clearing = () => app.sessionHandlers({ clearSiteData: ['cache', 'storage'] })
  const cleared = (response: Response) => response.headers.get('clear-site-data')
  const ends: readonly [string, (browser: Browser, routes: SessionHandlers) => Promise<Response>][] = [
    ['signing out', (alice, { logout }) => alice.send(logout, 'POST')],
    ['its own id', (alice, { sessions }) => alice.send(sessions, 'DELETE', { params: { path: [alice.id] } })],
    [
      'revoke-all',
      (alice, { sessions }) => alice.send(sessions, 'POST', { params: { path: ['revoke-all'] } }),
    ],
  ]

  it.each(ends)('is told to the browser whose session ended: by %s', async (_, end) => {
    const response = await end(await signIn('alice'), clearing())
    expect(cleared(response)).toBe('"cache", "storage"')
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-session=;/)])
  })

  it.each(ends)('is nothing by default: %s', async (_, end) => {
    expect(cleared(await end(await signIn('alice'), handlers))).toBeNull()
  })

  it('is not told to a browser whose session goes on, or perhaps does', async () => {
    const [alice, phone] = [await signIn('alice'), await signIn('alice')]
    const { sessions, logout } = clearing()
    const others = await alice.send(sessions, 'DELETE', { params: { path: [phone.id] } })
    expect([others.status, cleared(others)]).toEqual([204, null])
    expect(cleared(await alice.send(sessions, 'POST', { params: { path: ['revoke-others'] } }))).toBeNull()
    site.kv.faults.add({ action: { type: 'status', status: 500 } })
    const failed = await alice.send(logout, 'POST')
    expect([failed.status, cleared(failed)]).toEqual([503, null])
  })

  it.each(['*', 'executionContexts', '"cache"', 'cache\r\nx: y'])(
    'refuses what it does not know: %j',
    (kind) => {
      const make = () => app.sessionHandlers({ clearSiteData: [kind as 'cache'] })
      expect(make).toThrow('"clearSiteData" takes "cache", "cookies", "storage".')
    },
  )
})

describe('logout', () => {
  it('answers 204 when the session is gone, and clears the cookie', async () => {
    const alice = await signIn('alice')
    const response = await alice.send(handlers.logout, 'POST')
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(CLEARED)])
    expect(await sessionOf(alice)).toBeNull()
  })

  it('answers 204 to a visitor who has no session', async () => {
    expect((await callRoute(handlers.logout, 'POST')).status).toBe(204)
  })

  it('answers 503 when KV does not answer, and clears the cookie all the same', async () => {
    const alice = await signIn('alice')
    site.kv.faults.add({ action: { type: 'status', status: 500 } })
    const response = await alice.send(handlers.logout, 'POST')
    expect(response.status).toBe(503)
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(CLEARED)])
    site.kv.faults.clear()
    expect(await sessionOf(alice)).not.toBeNull()
  })
})

describe('a page of another site', () => {
  it('can change nothing', async () => {
    const alice = await signIn('alice')
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.test', host: 'app.test' },
      { origin: 'null', host: 'app.test' },
    ]) {
      const answers = await Promise.all([
        alice.send(handlers.logout, 'POST', { headers }),
        alice.send(handlers.sessions, 'POST', { headers, params: { path: ['revoke-all'] } }),
        alice.send(handlers.sessions, 'DELETE', { headers, params: { path: [alice.id] } }),
      ])
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403])
      expect(answers.flatMap((answer) => answer.headers.getSetCookie())).toEqual([])
    }
    expect(await sessionOf(alice)).not.toBeNull()
  })
})

describe('cleanup', () => {
  it('answers 0 on KV, where the TTL does the work', async () => {
    const response = await clean(`Bearer ${CRON_SECRET}`)
    expect([response.status, await response.json()]).toEqual([200, { cleaned: 0 }])
  })

  it('has a store clean up that needs it, by the clock of the instance', async () => {
    const asked: number[] = []
    const cleanUp = async ({ now }: { now: number }) => asked.push(now) + 6
    const store = { cleanUp } as Partial<SessionStore> as SessionStore
    const { sessionHandlers } = createEdgeSession({ secret: SECRET, store, now: () => 1_000 })
    const response = await callRoute(sessionHandlers({ cronSecret: CRON_SECRET }).cleanup, 'GET', {
      headers: { authorization: `Bearer ${CRON_SECRET}` },
    })
    expect([await response.json(), asked]).toEqual([{ cleaned: 7 }, [1_000]])
  })

  it('answers 401 to anything but the secret', async () => {
    for (const authorization of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Bearer x',
      CRON_SECRET,
      `Basic ${CRON_SECRET}`,
      `Basic Bearer ${CRON_SECRET}`,
      `Bearer ${CRON_SECRET}x`,
      `Bearer ${CRON_SECRET.slice(0, -1)}`,
      `Bearer ${CRON_SECRET.toUpperCase()}`,
      `Bearer ${CRON_SECRET}, Bearer x`,
    ]) {
      const response = await clean(authorization)
      expect([authorization, response.status, (await response.json()).code]).toEqual([
        authorization,
        401,
        'ERR_CRON_SECRET',
      ])
    }
  })

  it('says in words what is wanted, and how it is to be presented', async () => {
    const response = await clean(undefined)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await response.json()).toMatchObject({ title: 'The cron secret is missing or wrong' })
  })

  it('takes the secret from CRON_SECRET', async () => {
    vi.stubEnv('CRON_SECRET', 'from-the-environment')
    handlers = app.sessionHandlers()
    expect((await clean('Bearer from-the-environment')).status).toBe(200)
    expect((await clean('Bearer ')).status).toBe(401)
  })

  it('opens to nobody without a secret configured, whatever is presented', async () => {
    for (const [variable, option] of [
      ['', undefined],
      ['', ''],
    ] as const) {
      vi.stubEnv('CRON_SECRET', variable)
      handlers = app.sessionHandlers(option === undefined ? {} : { cronSecret: option })
      for (const authorization of [undefined, 'Bearer ', 'Bearer undefined']) {
        expect((await clean(authorization)).status).toBe(401)
      }
    }
  })
})

const CLEARED = /^__Host-session=; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT;.*Secure/

async function sessionOf(browser: Browser): Promise<unknown> {
  const response = await browser.send(handlers.session, 'GET')
  return ((await response.json()) as { session: unknown }).session
}

function clean(authorization: string | undefined): Promise<Response> {
  return callRoute(handlers.cleanup, 'GET', { headers: authorization === undefined ? {} : { authorization } })
}
