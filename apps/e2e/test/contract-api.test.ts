import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { expectProblem } from '../support/expect-problem.ts'
import { GUARDED } from '../support/variants.ts'
import type { Visitor } from '../support/visitor.ts'

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

interface Listed {
  readonly id: string
  readonly current: boolean
}

async function list(visitor: Visitor): Promise<readonly Listed[]> {
  const reply = await visitor.get('/api/sessions')
  expect(reply.status).toBe(200)
  return reply.json<readonly Listed[]>()
}

async function isSignedIn(visitor: Visitor): Promise<boolean> {
  return (await visitor.get('/api/me')).status === 200
}

describe.each(GUARDED)('the API on $name', (variant) => {
  const bench = useBench(variant, { instances: 2 })
  const second = (visitor: Visitor) => visitor.at(bench.servers[1]?.origin ?? '')

  describe('POST /api/auth/login', () => {
    it('answers 200 with the user id and one cookie', async () => {
      const visitor = bench.visitor()
      const reply = await visitor.post('/api/auth/login', { user: 'alice', pass: 'demo-alice' })
      expect([reply.status, reply.json()]).toEqual([200, { userId: 'alice' }])
      expect(reply.setCookies).toHaveLength(1)
      expect(reply.setCookies[0]).toMatch(/^__Host-session=[\w.-]{40,400}; /)
      const attributes = reply.setCookies[0]?.toLowerCase().split('; ')
      for (const attribute of ['path=/', 'secure', 'httponly', 'samesite=lax'])
        expect(attributes).toContain(attribute)
      expect(reply.setCookies[0]).not.toMatch(/Domain/i)
    })

    it('remembers for at most the absolute lifetime, or for the browser session', async () => {
      const remembered = await bench.visitor().signIn('bob', { remember: true })
      const maxAge = Number(/Max-Age=(\d+)/.exec(remembered.setCookies[0] ?? '')?.[1])
      expect(maxAge).toBeGreaterThan(29 * 86_400)
      expect(maxAge).toBeLessThanOrEqual(30 * 86_400)
      const forgotten = await bench.visitor().signIn('bob', { remember: false })
      expect(forgotten.setCookies[0]).not.toMatch(/Max-Age|Expires/i)
    })

    it('signs in on one instance what the other knows at once', async () => {
      const visitor = await bench.user('bob')
      expect((await second(visitor).get('/api/me')).json()).toMatchObject({ userId: 'bob' })
    })

    it.each([
      ['a wrong password', { user: 'alice', pass: 'demo-bob' }],
      ['an unknown user', { user: 'nobody', pass: 'demo-nobody' }],
      ['a name in another case', { user: 'Alice', pass: 'demo-alice' }],
      ['a property every object has', { user: 'constructor', pass: 'demo-constructor' }],
      ['nothing', { user: '', pass: '' }],
    ])('answers 401 without a cookie for %s', async (_, body) => {
      const reply = await bench.visitor().post('/api/auth/login', body)
      expectProblem(reply, 401)
      expect(reply.setCookies).toEqual([])
    })

    it('answers the same for a wrong password and an unknown user', async () => {
      const [wrong, unknown] = await Promise.all([
        bench.visitor().post('/api/auth/login', { user: 'alice', pass: 'x' }),
        bench.visitor().post('/api/auth/login', { user: 'nobody', pass: 'x' }),
      ])
      expect(wrong.text).toBe(unknown.text)
    })

    it.each([
      ['no JSON', 'user=alice'],
      ['an array', '["alice","demo-alice"]'],
      ['null', 'null'],
      ['a number for a name', '{"user":1,"pass":"x"}'],
      ['a password of another type', '{"user":"alice","pass":{"a":1}}'],
      ['no body', ''],
    ])('refuses %s with a 4xx', async (_, body) => {
      const headers = { 'content-type': 'application/json' }
      const reply = await bench.visitor().send('/api/auth/login', { method: 'POST', headers, body })
      expectProblem(reply, reply.status)
      expect([400, 401]).toContain(reply.status)
      expect(reply.setCookies).toEqual([])
    })

    it('ends the session that was signed in before', async () => {
      const visitor = await bench.user('alice')
      const before = visitor.copy()
      await visitor.signIn('bob')
      expect(await isSignedIn(before)).toBe(false)
      expect((await visitor.get('/api/me')).json()).toMatchObject({ userId: 'bob' })
    })

    it('leaves the session alone when the password is wrong', async () => {
      const visitor = await bench.user('alice')
      await visitor.post('/api/auth/login', { user: 'bob', pass: 'wrong' })
      expect((await visitor.get('/api/me')).json()).toMatchObject({ userId: 'alice' })
    })
  })

  describe('POST /api/auth/logout', () => {
    it('answers 204, clears the cookie, and the token is dead everywhere', async () => {
      const visitor = await bench.user('alice')
      const before = visitor.copy()
      const reply = await visitor.post('/api/auth/logout')
      expect([reply.status, reply.text]).toEqual([204, ''])
      expect(visitor.cookie()).toBe('')
      expect(await isSignedIn(before)).toBe(false)
      expect(await isSignedIn(second(before))).toBe(false)
    })

    it('answers 204 to whoever is not signed in', async () => {
      expect((await bench.visitor().post('/api/auth/logout')).status).toBe(204)
    })
  })

  it('POST /api/auth/rotate answers 204 with a new token and keeps the session', async () => {
    const visitor = await bench.user('alice')
    await visitor.send('/api/session', { method: 'PATCH', body: '{"kept":1}' })
    const before = visitor.token()
    expect((await visitor.post('/api/auth/rotate')).status).toBe(204)
    expect(visitor.token()).not.toBe(before)
    expect((await visitor.get('/api/me')).json()).toMatchObject({ userId: 'alice', data: { kept: 1 } })
  })

  describe('POST /api/auth/reauth', () => {
    it('answers 204 with a new id; the old token is dead at once, on every instance', async () => {
      const visitor = await bench.user('alice')
      const before = visitor.copy()
      const { authenticatedAt } = (await visitor.get('/api/me')).json()
      expect((await visitor.post('/api/auth/reauth', { pass: 'demo-alice' })).status).toBe(204)
      expect(await isSignedIn(second(before))).toBe(false)
      expect(await isSignedIn(before)).toBe(false)
      const after = (await visitor.get('/api/me')).json()
      expect(Date.parse(String(after.authenticatedAt))).toBeGreaterThan(Date.parse(String(authenticatedAt)))
    })

    it('answers 401 to a wrong password and changes nothing', async () => {
      const visitor = await bench.user('alice')
      const before = visitor.token()
      expectProblem(await visitor.post('/api/auth/reauth', { pass: 'demo-bob' }), 401)
      expect(visitor.token()).toBe(before)
      expect(await isSignedIn(visitor)).toBe(true)
    })
  })

  it('GET /api/me answers user, role, data and the time of sign-in', async () => {
    const visitor = await bench.user('alice')
    expect((await visitor.get('/api/me')).json()).toEqual({
      userId: 'alice',
      role: 'admin',
      data: {},
      authenticatedAt: expect.stringMatching(ISO),
    })
  })

  describe('/api/session', () => {
    it('GET answers a session, or null, never 401', async () => {
      const anonymous = await bench.visitor().get('/api/session')
      expect([anonymous.status, anonymous.json()]).toEqual([200, { session: null }])
      const { session } = (await (await bench.user('bob')).get('/api/session')).json<{ session: object }>()
      expect(session).toMatchObject({ userId: 'bob', role: 'member', data: {} })
    })

    it('PATCH merges, and what is read later on the other instance has it', async () => {
      const visitor = await bench.user('alice')
      const patch = (body: object) =>
        visitor.send('/api/session', { method: 'PATCH', body: JSON.stringify(body) })
      expect((await patch({ theme: 'dark', n: 1 })).json()).toEqual({ data: { theme: 'dark', n: 1 } })
      expect((await patch({ n: 2, text: '日本 \u2028 "' })).json()).toEqual({
        data: { theme: 'dark', n: 2, text: '日本 \u2028 "' },
      })
      expect((await second(visitor).get('/api/me')).json()).toMatchObject({ data: { theme: 'dark', n: 2 } })
    })

    it('PATCH keeps keys that break naive code as plain data', async () => {
      const visitor = await bench.user('bob')
      const body = '{"__proto__":{"role":"admin"},"constructor":"c","1":2}'
      const reply = await visitor.send('/api/session', { method: 'PATCH', body })
      expect(reply.status).toBe(200)
      const { role, data } = (await visitor.get('/api/me')).json<{ role: string; data: object }>()
      expect(role).toBe('member')
      expect(Object.entries(data).sort()).toEqual([
        ['1', 2],
        ['__proto__', { role: 'admin' }],
        ['constructor', 'c'],
      ])
      expect((await visitor.get('/admin')).status).toBe(403)
    })

    it('PATCH beyond the limit answers 413 and changes nothing', async () => {
      const visitor = await bench.user('alice')
      await visitor.send('/api/session', { method: 'PATCH', body: '{"a":1}' })
      const body = JSON.stringify({ a: 2, big: 'x'.repeat(10_000) })
      expectProblem(await visitor.send('/api/session', { method: 'PATCH', body }), 413)
      expect((await visitor.get('/api/me')).json()).toMatchObject({ data: { a: 1 } })
    })

    it.each(['[]', '[{"a":1}]', 'null', '1', '"text"', 'true', '{', ''])(
      'PATCH with %j, which is not a JSON object, answers 400',
      async (body) => {
        const visitor = await bench.user('alice')
        expectProblem(await visitor.send('/api/session', { method: 'PATCH', body }), 400)
        expect((await visitor.get('/api/me')).json()).toMatchObject({ data: {} })
      },
    )

    it('two PATCHes at once are both there', async () => {
      const visitor = await bench.user('alice')
      const bodies = Array.from({ length: 8 }, (_, i) => JSON.stringify({ [`k${i}`]: i }))
      const at = [visitor, second(visitor)] as const
      const replies = await Promise.all(
        bodies.map((body, i) => at[i % 2 === 0 ? 0 : 1].send('/api/session', { method: 'PATCH', body })),
      )
      const { data } = (await visitor.get('/api/me')).json<{ data: object }>()
      const accepted = replies.flatMap(({ status }, i) => (status === 200 ? [`k${i}`] : []))
      expect(Object.keys(data).sort()).toEqual(accepted)
      expect(accepted.length).toBeGreaterThanOrEqual(2)
    })
  })

  describe('/api/sessions', () => {
    it('GET lists all sessions of the user alone, and marks the current one', async () => {
      const user = 'josé'
      const here = await bench.user(user)
      await bench.user('bob')
      const there = bench.visitor()
      await there.post('/api/auth/login', { user, pass: `demo-${user}` }, { 'user-agent': 'Other/1.0' })
      const sessions = (await second(here).get('/api/sessions')).json<readonly Record<string, unknown>[]>()
      expect(sessions).toHaveLength(2)
      for (const session of sessions) {
        expect(Object.keys(session).sort()).toEqual([
          'createdAt',
          'current',
          'id',
          'ip',
          'lastSeenAt',
          'userAgent',
        ])
        expect(session.createdAt).toMatch(ISO)
        expect(session.lastSeenAt).toMatch(ISO)
      }
      expect(sessions.filter(({ current }) => current)).toHaveLength(1)
      expect(sessions.find(({ current }) => !current)?.userAgent).toBe('Other/1.0')
    })

    it('DELETE ends one session of the user', async () => {
      const user = '123'
      const [here, there] = [await bench.user(user), await bench.user(user)]
      const other = (await list(here)).find(({ current }) => !current)
      const path = `/api/sessions/${other?.id}`
      expect((await here.send(path, { method: 'DELETE' })).status).toBe(204)
      expect(await isSignedIn(second(there))).toBe(false)
      expect(await isSignedIn(here)).toBe(true)
      expectProblem(await here.send(path, { method: 'DELETE' }), 404)
    })

    it('DELETE of somebody else’s, or of what never was, answers 404 and ends nothing', async () => {
      const [alice, bob] = [await bench.user('alice'), await bench.user('bob')]
      const foreign = (await list(alice)).find(({ current }) => current)?.id
      for (const id of [foreign, 'A'.repeat(43), 'x', '%00', '*', 's:*', '日本', alice.token()]) {
        const reply = await bob.send(`/api/sessions/${encodeURIComponent(String(id))}`, { method: 'DELETE' })
        expectProblem(reply, 404)
      }
      expect(await isSignedIn(alice)).toBe(true)
      expect(await isSignedIn(bob)).toBe(true)
    })

    it('revoke-others leaves the current session; revoke-all leaves none', async () => {
      const user = 'true'
      const [here, there, away] = [await bench.user(user), await bench.user(user), await bench.user(user)]
      const others = await here.post('/api/sessions/revoke-others')
      expect([others.status, others.json()]).toEqual([200, { revoked: 2 }])
      expect([await isSignedIn(here), await isSignedIn(there), await isSignedIn(second(away))]).toEqual([
        true,
        false,
        false,
      ])
      await bench.user(user)
      expect((await here.post('/api/sessions/revoke-all')).json()).toEqual({ revoked: 2 })
      expect(await isSignedIn(here)).toBe(false)
    })
  })

  describe('POST /api/admin/users/:userId/revoke', () => {
    it.each(['bob', '日本', ' pad ', 'a\r\nx: y', '__proto__'])(
      'as an admin ends all sessions of %j',
      async (user) => {
        const [alice, target] = [await bench.user('alice'), await bench.user(user)]
        const reply = await alice.post(`/api/admin/users/${encodeURIComponent(user)}/revoke`)
        expect(reply.status).toBe(200)
        expect(reply.json<{ revoked: number }>().revoked).toBeGreaterThanOrEqual(1)
        expect(await isSignedIn(second(target))).toBe(false)
        expect(await isSignedIn(alice)).toBe(true)
      },
    )

    it('answers 0 for a user who has none, 403 to a member, 401 to nobody', async () => {
      const alice = await bench.user('alice')
      expect((await alice.post('/api/admin/users/ghost/revoke')).json()).toEqual({ revoked: 0 })
      expectProblem(await (await bench.user('bob')).post('/api/admin/users/alice/revoke'), 403)
      expectProblem(await bench.visitor().post('/api/admin/users/alice/revoke'), 401)
      expect(await isSignedIn(alice)).toBe(true)
    })
  })

  describe('GET /api/whoami', () => {
    it.each([
      'alice',
      '123',
      'true',
      'null',
      '日本',
      'josé',
      ' pad ',
      '__proto__',
      'u'.repeat(200),
      'a\r\nx: y',
    ])('says %j twice, as the header and as the session', async (user) => {
      const visitor = await bench.user(user)
      expect((await visitor.get('/api/whoami')).json()).toEqual({ header: user, session: user })
      expect((await second(visitor).get('/api/me')).json()).toMatchObject({ userId: user })
    })

    it('says null twice to an anonymous visitor', async () => {
      expect((await bench.visitor().get('/api/whoami')).json()).toEqual({ header: null, session: null })
    })
  })

  describe('GET /api/cron/cleanup', () => {
    it('answers 200 to the right bearer', async () => {
      const headers = { authorization: `Bearer ${bench.secrets.CRON_SECRET}` }
      const reply = await bench.visitor().get('/api/cron/cleanup', headers)
      expect([reply.status, reply.json()]).toEqual([200, { cleaned: expect.any(Number) }])
    })

    it('answers 401 to every other', async () => {
      const secret = bench.secrets.CRON_SECRET
      const wrong = [
        undefined,
        '',
        'Bearer',
        'Bearer ',
        'Bearer undefined',
        'Bearer null',
        secret,
        `Basic ${secret}`,
        `Bearer ${secret}x`,
        `Bearer ${secret.slice(0, -1)}`,
        `Bearer ${secret.slice(1)}`,
        `Bearer ${secret.toLowerCase()}`,
        `Bearer ${secret} ${secret}`,
        `Bearer ${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`,
      ]
      for (const authorization of wrong) {
        const headers = authorization === undefined ? {} : { authorization }
        expectProblem(await bench.visitor().get('/api/cron/cleanup', headers), 401)
      }
    })
  })

  it.each([
    ['POST', '/api/auth/login', '{"user":"alice","pass":"demo-alice"}', 200],
    ['POST', '/api/auth/reauth', '{"pass":"demo-alice"}', 204],
    ['PATCH', '/api/session', '{"changed":true}', 200],
  ])('%s %s takes 64 KiB and answers 413 to a longer body', async (method, path, json, status) => {
    const visitor = await bench.user('alice')
    const before = visitor.token()
    for (const body of [json.padEnd(65_537), json.padEnd(1_000_000), 'x'.repeat(1_000_000)])
      expectProblem(await visitor.send(path, { method, body }), 413)
    expect(visitor.token()).toBe(before)
    expect((await visitor.get('/api/me')).json()).toMatchObject({ data: {} })
    expect((await visitor.send(path, { method, body: json.padEnd(65_536) })).status).toBe(status)
  })

  it.each([
    ['GET', '/api/me'],
    ['PATCH', '/api/session'],
    ['GET', '/api/sessions'],
    ['DELETE', '/api/sessions/abc'],
    ['POST', '/api/sessions/revoke-others'],
    ['POST', '/api/sessions/revoke-all'],
    ['POST', '/api/auth/rotate'],
    ['POST', '/api/auth/reauth'],
    ['POST', '/api/admin/users/bob/revoke'],
  ])('%s %s answers 401 to an anonymous visitor and to a dead token', async (method, path) => {
    const body = method === 'GET' ? {} : { body: '{"pass":"demo-alice"}' }
    expectProblem(await bench.visitor().send(path, { method, ...body }), 401)
    const visitor = await bench.user('alice')
    await visitor.copy().post('/api/auth/logout')
    expectProblem(await visitor.send(path, { method, ...body }), 401)
    await visitor.get('/public')
    expect(visitor.cookie(), 'the dead cookie is cleared').toBe('')
  })
})
