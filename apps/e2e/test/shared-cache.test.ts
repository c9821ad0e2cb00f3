import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { type Guest, isHit, walkThrough } from '../support/crossings.ts'
import { extent, sample } from '../support/extent.ts'
import type { Outgoing, Reply } from '../support/http.ts'
import { report } from '../support/report.ts'
import { pause } from '../support/server.ts'
import { actionCall, actionIds, filledForm } from '../support/server-actions.ts'
import { type SharedCache, startSharedCache } from '../support/shared-cache.ts'
import { GUARDED } from '../support/variants.ts'
import { createVisitor, type Visitor } from '../support/visitor.ts'

const PUBLIC = [
  '/',
  '/public',
  '/static',
  '/login',
  '/login?next=%2Fstatic',
  '/files/open/a',
  '/nowhere',
  '/static/',
]
const PROTECTED = [
  '/dashboard',
  '/dashboard/sessions',
  '/admin',
  '/sensitive',
  '/confirm',
  '/files/private/a',
  '/acme/settings',
  '/cached',
  '/nowhere/settings',
  '/dashboard/nowhere',
]
const API = ['/api/me', '/api/session', '/api/sessions', '/api/whoami', '/api/cron/cleanup', '/api/nowhere']

/** A name that no page mentions. */
const LONG = 'u'.repeat(200)

/** Prerendered pages, and Next.js' own redirect to an address without a slash at its end. */
function isCommon(path: string, { status }: Reply): boolean {
  return status === 308 || /^\/(?:static|nowhere|api\/nowhere)(?:\?_rsc|$)/.test(path)
}

function inEveryForm(path: string): readonly (Outgoing & { path: string })[] {
  return [
    { path },
    { path, method: 'HEAD' },
    { path, headers: { rsc: '1' }, mayFail: true },
    { path, headers: { rsc: '1', 'next-router-prefetch': '1' }, mayFail: true },
    { path, headers: { 'x-nextjs-data': '1' }, mayFail: true },
    { path, headers: { accept: 'application/json' } },
  ]
}

const READS = [
  ...[...PUBLIC, ...PROTECTED].flatMap(inEveryForm),
  ...API.map((path) => ({ path })),
  { path: '/api/cron/cleanup', headers: { authorization: 'Bearer wrong' } },
]

/** Nothing that would sign anyone out. */
function writes(origin: string): readonly (Outgoing & { path: string })[] {
  const own = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
  const foreign = { ...own, origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }
  return [
    { path: '/api/session', method: 'PATCH', headers: own, body: '{}' },
    { path: '/api/session', method: 'PATCH', headers: foreign, body: '{}' },
    { path: '/api/session', method: 'PATCH', headers: own, body: '[]' },
    { path: '/api/auth/login', method: 'POST', headers: own, body: '{"user":"alice","pass":"wrong"}' },
    { path: '/api/auth/reauth', method: 'POST', headers: own, body: '{"pass":"wrong"}' },
    { path: '/api/auth/rotate', method: 'POST', headers: own },
    { path: '/api/sessions/revoke-others', method: 'POST', headers: own },
    { path: '/api/sessions/none', method: 'DELETE', headers: own },
    { path: '/api/admin/users/nobody/revoke', method: 'POST', headers: own },
  ]
}

describe.each(GUARDED)('behind a shared cache that ignores Vary, on $name', (variant) => {
  const env = { SESSION_ROTATE_SECONDS: '1', SESSION_TOUCH_SECONDS: '1' }
  const bench = useBench(variant, { env })
  let cache: SharedCache

  beforeAll(async () => {
    cache = await startSharedCache(bench.origin)
  })
  afterAll(() => cache.stop())

  async function user(name: string): Promise<Visitor> {
    const visitor = createVisitor(cache.origin)
    await visitor.signIn(name)
    return visitor
  }

  /** With a note that the pages of settings and the API show. */
  async function guest(name: string, marks: readonly string[]): Promise<Guest> {
    const [visitor, note] = [await user(name), `note-of-${marks[0]}`]
    const reply = await visitor.send('/api/session', { method: 'PATCH', body: JSON.stringify({ note }) })
    expect(reply.status).toBe(200)
    return { name, visitor: () => visitor, marks: [...marks, note] }
  }

  async function everybody(): Promise<readonly Guest[]> {
    const dead = await user('bob')
    await dead.copy().post('/api/auth/logout')
    return [
      await guest('alice', ['secret:admin']),
      await guest(LONG, [LONG]),
      { name: 'somebody signed out', visitor: () => dead.copy(), marks: [] },
      { name: 'anonymous', visitor: () => createVisitor(cache.origin), marks: [] },
    ]
  }

  it('nobody is shown, told or made another, whoever asks first', async () => {
    const guests = await everybody()
    const requests = [...sample(READS, { short: 2, usual: 1 }), ...writes(cache.origin)]
    const walked = await walkThrough({
      cache,
      guests,
      requests,
      isCommon,
      firsts: { short: 1, usual: 2, whole: guests.length }[extent],
    })
    const { replies, cookies } = walked
    report('shared cache', { variant: variant.name, replies, cookies, crossings: walked.crossings.length })
    expect(walked.crossings).toEqual([])
    expect(walked.hits).toContain('/static')
    expect(walked.cookies).toBeGreaterThan(extent === 'short' ? 40 : 100)
    for (const [i, name] of ['alice', LONG].entries()) {
      const { session } = (await guests[i]?.visitor().get('/api/whoami'))?.json() ?? {}
      expect(session).toBe(name)
    }
  }, 240_000)

  it('a renewed cookie on the prerendered page reaches its owner alone', async () => {
    const [alice, nihon] = [await user('alice'), await user('日本')]
    const before = [alice.token(), nihon.token()]
    await pause(1_100)
    cache.clear()
    const replies = [await alice.get('/static'), await createVisitor(cache.origin).get('/static')]
    expect(replies.map(({ setCookies }) => setCookies.length)).toEqual([1, 0])
    // From here on the page comes from the cache, and renews nobody.
    const later = await nihon.get('/static')
    expect([isHit(later), later.setCookies]).toEqual([true, []])
    expect([alice.token() === before[0], nihon.token() === before[1]]).toEqual([false, true])
    for (const [visitor, name] of [
      [alice, 'alice'],
      [nihon, '日本'],
    ] as const)
      expect((await visitor.get('/api/whoami')).json().session).toBe(name)
  })

  it('signing in and out, by API and by form, is everybody’s own', async () => {
    cache.clear()
    const [alice, nihon] = [await user('alice'), await user('日本')]
    expect(alice.token()).not.toBe(nihon.token())
    const page = (await createVisitor(cache.origin).get('/login?next=/static')).text
    const formed: Visitor[] = []
    for (const name of ['bob', '日本']) {
      const visitor = createVisitor(cache.origin)
      const form = filledForm(page, { user: name, password: `demo-${name}` })
      const headers = { ...form.headers, origin: cache.origin }
      const reply = await visitor.send('/login?next=/static', { ...form, headers })
      expect([reply.status, reply.headers.location, isHit(reply)]).toEqual([303, '/static', false])
      await visitor.get('/static')
      expect((await visitor.get('/api/whoami')).json().session).toBe(name)
      formed.push(visitor)
    }
    await alice.post('/api/auth/logout')
    for (const visitor of [nihon, ...formed]) expect((await visitor.get('/dashboard')).status).toBe(200)
    expect((await alice.get('/dashboard')).status).toBe(307)
  })

  it('a server action answers whoever called it', async () => {
    for (const id of actionIds(variant)) {
      cache.clear()
      const [alice, nihon] = [await user('alice'), await user('日本')]
      for (const visitor of [alice, createVisitor(cache.origin), nihon]) {
        const call = actionCall(id)
        const headers = { ...call.headers, origin: cache.origin }
        const reply = await visitor.send('/dashboard', { ...call, headers })
        expect([isHit(reply), reply.text.includes('secret:action') && visitor.cookie() === '']).toEqual([
          false,
          false,
        ])
      }
    }
  }, 60_000)

  it('what the KV’s failure made of a page is nobody’s afterwards', async () => {
    cache.clear()
    const [alice, nihon] = [await user('alice'), await user('日本')]
    const paths = [...PROTECTED, '/', '/public', '/login', '/api/me', '/api/session', '/api/sessions']
    bench.kv.faults.add({ action: { type: 'refuse' } })
    const failed: number[] = []
    for (const path of paths) failed.push((await alice.send(path, { mayFail: true })).status)
    expect(failed.filter((status) => status === 503).length).toBeGreaterThan(PROTECTED.length)
    bench.kv.faults.clear()
    for (const path of paths) {
      for (const visitor of [nihon, alice]) {
        const reply = await visitor.send(path, { mayFail: true })
        expect([path, isHit(reply), reply.status === 503]).toEqual([path, false, false])
      }
    }
    expect((await alice.get('/api/whoami')).json().session).toBe('alice')
  })
})

/** An app that leaves its answers to caches, each in its own way. */
function startCarelessApp(): Promise<Server> {
  const answers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    '/vary': { 'cache-control': 'public, max-age=60', vary: 'Cookie' },
    '/s-maxage': { 'cache-control': 's-maxage=60, stale-while-revalidate' },
    '/silent': {},
    '/private': { 'cache-control': 'private, no-store' },
  }
  const server = createServer((request, response) => {
    const name = /who=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? 'nobody'
    response.writeHead(200, { ...answers[request.url ?? ''], 'set-cookie': `who=${name}; Secure; Path=/` })
    response.end(`for ${name}`)
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

describe('the shared cache', () => {
  let [app, cache]: [Server | null, SharedCache | null] = [null, null]

  beforeAll(async () => {
    app = await startCarelessApp()
    cache = await startSharedCache(`http://127.0.0.1:${(app.address() as AddressInfo).port}`)
  })
  afterAll(async () => {
    await cache?.stop()
    app?.close()
  })

  it.each([
    ['/vary', true],
    ['/s-maxage', true],
    ['/silent', true],
    ['/private', false],
  ])('between the users of a careless app and %s crosses them: %j', async (path, crosses) => {
    if (cache === null) throw new Error('not started')
    const guests = ['ann', 'ben'].map((name): Guest => {
      const visitor = createVisitor(cache?.origin ?? '')
      const own = { ...visitor, send: withCookie(visitor, `who=${name}`) }
      return { name, visitor: () => own, marks: [`for ${name}`] }
    })
    const requests = [{ path }]
    const walked = await walkThrough({ cache, guests, requests, isCommon: () => true, firsts: 2 })
    expect(walked.replies).toBe(4)
    expect(walked.crossings).toEqual(
      crosses ? [`ben GET ${path} 200: shows what is ann’s`, `ann GET ${path} 200: shows what is ben’s`] : [],
    )
  })
})

function withCookie(visitor: Visitor, cookie: string): Visitor['send'] {
  return (path, outgoing = {}) =>
    visitor.send(path, { ...outgoing, headers: { ...outgoing.headers, cookie } })
}
