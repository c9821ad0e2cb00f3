import type { FaultAction } from 'local-kv'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { isPrivate } from '../support/every-reply.ts'
import { expectProblem } from '../support/expect-problem.ts'
import type { Reply } from '../support/http.ts'
import { GUARDED } from '../support/variants.ts'

const PUBLIC = ['/', '/public', '/static', '/login', '/files/open/a']
const PAGES = [
  '/dashboard',
  '/dashboard/sessions',
  '/admin',
  '/sensitive',
  '/files/private/a',
  '/acme/settings',
  '/cached',
]
const API = ['/api/me', '/api/sessions']

const FAULTS: readonly (readonly [string, FaultAction])[] = [
  ['hangs', { type: 'hang' }],
  ['hangs after applying', { type: 'hang', when: 'after' }],
  ['closes the connection', { type: 'refuse' }],
  ['resets before applying', { type: 'reset', when: 'before' }],
  ['resets after applying', { type: 'reset', when: 'after' }],
  ['is 10 s late', { type: 'delay', ms: 10_000 }],
  ['answers 500', { type: 'status', status: 500 }],
  ['answers 429', { type: 'status', status: 429, body: '{"error":"ERR max requests limit exceeded"}' }],
  ['answers 401', { type: 'status', status: 401 }],
  ['answers 404', { type: 'status', status: 404 }],
  ['answers HTML', { type: 'body', body: '<html>Bad gateway</html>' }],
  ['answers nothing', { type: 'body', body: '' }],
  ['answers null', { type: 'body', body: 'null' }],
  ['answers {}', { type: 'body', body: '{}' }],
  ['answers []', { type: 'body', body: '[]' }],
  ['answers a null result', { type: 'body', body: '{"result":null}' }],
  ['answers an empty result', { type: 'body', body: '{"result":[]}' }],
  ['answers another type', { type: 'body', body: '{"result":"OK"}' }],
  ['answers an error', { type: 'body', body: '{"error":"ERR unavailable"}' }],
  ['breaks off', { type: 'truncate', at: 12 }],
  ['breaks off politely', { type: 'truncate', at: 12, framing: 'complete' }],
  ['drips', { type: 'drip', bytes: 1, ms: 100 }],
]

function expectUnavailable(reply: Reply): void {
  expect(reply.status).toBe(503)
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  expect(isPrivate(reply.headers['cache-control'] ?? '')).toBe(true)
  expect(reply.text).not.toMatch(/secret:/)
}

function expectNothingLost(reply: Reply): void {
  expect(reply.setCookies).toEqual([])
  expect(reply.milliseconds).toBeLessThan(2_000)
}

describe.each(GUARDED)('with the KV stopped, on $name', (variant) => {
  const bench = useBench(variant)

  it('every answer keeps browsers to https for a year, as it does with the KV running', async () => {
    const visitors = [await bench.user('bob'), bench.visitor()]
    const statuses = new Set<number>()
    const without: string[] = []
    const visitAll = async () => {
      for (const path of [
        ...PUBLIC,
        ...PAGES,
        ...API,
        '/nowhere',
        '/api/nowhere',
        '/_next/static/nothing.js',
      ]) {
        for (const visitor of visitors) {
          const { status, headers } = await visitor.get(path)
          statuses.add(status)
          if (headers['strict-transport-security'] !== 'max-age=31536000') without.push(`${path}: ${status}`)
        }
      }
    }
    await visitAll()
    await bench.kv.pause()
    try {
      await visitAll()
    } finally {
      await bench.kv.resume()
    }
    expect([...statuses].sort()).toEqual([200, 307, 401, 403, 404, 503])
    expect(without).toEqual([])
  })

  it('public pages answer 200, protected ones 503 within 2 s, and the same browser is signed in afterwards', async () => {
    const visitor = await bench.user('alice')
    const token = visitor.token()
    await bench.kv.pause()
    try {
      for (const path of PUBLIC) {
        const reply = await visitor.get(path)
        expect([path, reply.status]).toEqual([path, 200])
        expectNothingLost(reply)
      }
      for (const path of [...PAGES, ...API]) {
        const reply = await visitor.get(path)
        expectUnavailable(reply)
        expectNothingLost(reply)
      }
    } finally {
      await bench.kv.resume()
    }
    expect(visitor.token()).toBe(token)
    expect((await visitor.get('/dashboard')).text).toContain('secret:dashboard')
  })

  it('nobody is taken for anonymous: the API answers 503, not null or 401', async () => {
    const visitor = await bench.user('alice')
    await bench.kv.pause()
    try {
      for (const path of ['/api/session', '/api/me', '/api/sessions'])
        expectProblem(await visitor.get(path), 503)
      const patch = await visitor.send('/api/session', { method: 'PATCH', body: '{"a":1}' })
      expectProblem(patch, 503)
      for (const path of ['/api/auth/rotate', '/api/sessions/revoke-others', '/api/sessions/revoke-all'])
        expectProblem(await visitor.post(path), 503)
      expectProblem(await visitor.post('/api/auth/reauth', { pass: 'demo-alice' }), 503)
      expect(visitor.token()).not.toBe('')
    } finally {
      await bench.kv.resume()
    }
  })

  it('an anonymous visitor sees the site as always', async () => {
    await bench.kv.pause()
    try {
      for (const path of PUBLIC) expect((await bench.visitor().get(path)).status).toBe(200)
      expect((await bench.visitor().get('/dashboard')).status).toBe(307)
      expectProblem(await bench.visitor().get('/api/me'), 401)
      expect((await bench.visitor().get('/api/session')).text).toBe('{"session":null}')
    } finally {
      await bench.kv.resume()
    }
  })

  it('signing in answers 503 without a cookie', async () => {
    await bench.kv.pause()
    try {
      const reply = await bench.visitor().post('/api/auth/login', { user: 'alice', pass: 'demo-alice' })
      expectProblem(reply, 503)
      expectNothingLost(reply)
    } finally {
      await bench.kv.resume()
    }
  })

  it('signing out answers 503 and still clears the cookie', async () => {
    const visitor = await bench.user('alice')
    await bench.kv.pause()
    try {
      const reply = await visitor.post('/api/auth/logout')
      expectProblem(reply, 503)
      expect(visitor.cookie()).toBe('')
      expect(reply.milliseconds).toBeLessThan(2_000)
    } finally {
      await bench.kv.resume()
    }
  })
})

describe.each(GUARDED)('with a KV that misbehaves, on $name', (variant) => {
  const bench = useBench(variant)

  // What takes time below is the KV, not the first use of a page.
  beforeAll(async () => {
    const visitor = await bench.user('alice')
    for (const path of [...PUBLIC, ...PAGES, ...API]) await visitor.get(path)
  })

  it.each(FAULTS)('that %s, nobody is signed out and at most 2 attempts are made', async (_, action) => {
    const visitor = await bench.user('alice')
    const token = visitor.token()
    bench.kv.faults.add({ action })
    const paths = ['/dashboard', '/api/me', '/public', '/files/private/a']
    await Promise.all(
      paths.map(async (path) => {
        const reply = await visitor.get(path)
        expectNothingLost(reply)
        if (path === '/public') expect(reply.status).toBe(200)
        else expectUnavailable(reply)
      }),
    )
    const attempts = await bench.count(() => visitor.get('/sensitive'))
    expect(attempts.requests).toBeLessThanOrEqual(2)
    expect((await bench.count(() => visitor.get('/'))).requests).toBeLessThanOrEqual(2)
    bench.kv.faults.clear()
    expect(visitor.token()).toBe(token)
    expect((await visitor.get('/api/me')).status).toBe(200)
  })

  it('now and then, every answer is right or 503, and nobody is signed out', async () => {
    const visitors = await Promise.all(['alice', 'bob', '123'].map(bench.user))
    for (const type of ['refuse', 'reset'] as const) {
      const action: FaultAction = type === 'reset' ? { type, when: 'after' } : { type }
      bench.kv.faults.add({ match: { probability: 0.15 }, action })
    }
    const statuses = new Set<number>()
    for (let round = 0; round < 30; round += 1) {
      const replies = await Promise.all(visitors.map((visitor) => visitor.get('/api/me')))
      for (const [i, reply] of replies.entries()) {
        statuses.add(reply.status)
        expect(reply.setCookies).toEqual([])
        if (reply.status === 200) expect(reply.json().userId).toBe(['alice', 'bob', '123'][i])
      }
    }
    expect([...statuses].sort()).toEqual([200, 503])
  })

  it('a sign-in whose answer is lost gives no cookie; the next one works', async () => {
    const visitor = bench.visitor()
    bench.kv.faults.add({ match: { command: 'EVAL', times: 1 }, action: { type: 'reset', when: 'after' } })
    const lost = await visitor.post('/api/auth/login', { user: 'alice', pass: 'demo-alice' })
    expectProblem(lost, 503)
    expect(visitor.cookie()).toBe('')
    await visitor.signIn('alice')
  })

  it('a sign-out whose answer is lost says 503, and the session is gone', async () => {
    const visitor = await bench.user('alice')
    const before = visitor.copy()
    bench.kv.faults.add({
      match: { command: ['EVAL', 'HDEL', 'DEL'], times: 1 },
      action: { type: 'reset', when: 'after' },
    })
    expectProblem(await visitor.post('/api/auth/logout'), 503)
    expect(visitor.cookie()).toBe('')
    bench.kv.faults.clear()
    expect((await before.get('/api/me')).status).toBe(401)
  })

  it('a replica that is behind signs nobody out, and hides no sign-out once it has caught up', async () => {
    bench.kv.faults.add({ action: { type: 'lag', ms: 'manual' } })
    const visitor = await bench.user('alice')
    const reply = await visitor.get('/api/me')
    expect([reply.status, reply.setCookies]).toEqual([200, []])
    await bench.kv.replica.catchUp()
    const gone = visitor.copy()
    await visitor.post('/api/auth/logout')
    await bench.kv.replica.catchUp()
    expect((await gone.get('/api/me')).status).toBe(401)
  })

  it('an emptied KV signs everybody out once, cleanly', async () => {
    const visitor = await bench.user('alice')
    await bench.kv.flush()
    const reply = await visitor.get('/dashboard')
    expect([reply.status, visitor.cookie()]).toEqual([307, ''])
    expect((await visitor.get('/login')).status).toBe(200)
  })
})
