import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { expectProblem } from '../support/expect-problem.ts'
import { PRERENDERED, PROXIED } from '../support/proxied-pages.ts'
import { actionCall, actionForm, actionIds } from '../support/server-actions.ts'
import { NO_PROXY } from '../support/variants.ts'

const PAGES = [
  ['/dashboard', 'secret:dashboard'],
  ['/dashboard/sessions', 'This device'],
  ['/sensitive', 'secret:sensitive'],
  ['/files/private/a', 'secret:files'],
  ['/acme/settings', 'secret:settings'],
  ['/cached', 'alice'],
  ['/admin', 'secret:admin'],
] as const

/** The proxy file is gone: what stands next to the data has to hold alone. */
describe('without a proxy', () => {
  const bench = useBench(NO_PROXY)

  it.each(PAGES)('%s still refuses an anonymous visitor, and still serves its user', async (path, secret) => {
    const anonymous = await bench.visitor().get(path)
    expect(anonymous.status).toBe(307)
    expect(anonymous.headers.location).toBe(`/login?next=${encodeURIComponent(path)}`)
    expect(anonymous.text).not.toContain(secret)
    const alice = await (await bench.user('alice')).get(path)
    expect([alice.status, alice.text.includes(secret)]).toEqual([200, true])
  })

  it.each(PAGES)('%s still refuses as a client-side navigation and a prefetch', async (path, secret) => {
    for (const headers of [
      { rsc: '1' },
      { rsc: '1', 'next-router-prefetch': '1' },
      { 'next-router-prefetch': '1' },
    ]) {
      const { text } = await bench.visitor().send(path, { headers, mayFail: true })
      expect(text).not.toContain(secret)
    }
  })

  it.each(PROXIED)('%s, which leaves that to the proxy, shows itself to anybody', async (path) => {
    const { status, text } = await bench.visitor().get(path)
    expect([status, /secret:\w/.test(text)]).toEqual([200, true])
  })

  it('a prerendered page shows itself to anybody, and lets caches keep it', async () => {
    await expect(bench.visitor().get(PRERENDERED)).rejects.toThrow(
      `${PRERENDERED} answers a secret with Cache-Control "s-maxage=`,
    )
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
  ])('%s %s still answers 401, also to a dead token, and then clears it', async (method, path) => {
    const body = method === 'GET' ? {} : { body: '{"pass":"demo-alice"}' }
    expectProblem(await bench.visitor().send(path, { method, ...body }), 401)
    const dead = await bench.user('alice')
    await dead.copy().post('/api/auth/logout')
    expectProblem(await dead.send(path, { method, ...body }), 401)
    expect(dead.cookie()).toBe('')
  })

  it('a member still gets 403 from /admin and its API', async () => {
    const bob = await bench.user('bob')
    const page = await bob.get('/admin')
    expect([page.status, page.text.includes('secret:')]).toEqual([403, false])
    expectProblem(await bob.post('/api/admin/users/alice/revoke'), 403)
  })

  it('forged identity headers are believed by no page and no session', async () => {
    const forged = [
      { 'x-user-id': 'FORGED' },
      { 'x-edge-session': 'FORGED' },
      { 'x-user-id': 'FORGED', 'x-edge-session': 'FORGED' },
    ]
    for (const headers of forged) {
      for (const visitor of [bench.visitor(), await bench.user('bob')]) {
        for (const path of ['/', '/public', '/dashboard', '/admin', '/login', '/api/me', '/api/session'])
          expect((await visitor.get(path, headers)).text).not.toContain('FORGED')
        const { session } = (await visitor.get('/api/whoami', headers)).json()
        expect(session).not.toBe('FORGED')
      }
      expect((await bench.visitor().get('/dashboard', headers)).status).toBe(307)
      expectProblem(await bench.visitor().get('/api/me', headers), 401)
    }
  })

  it('server actions are still refused without a session, wherever they are posted', async () => {
    for (const path of ['/dashboard', '/', '/public', '/static', '/login', '/nowhere', '/api/me']) {
      for (const id of actionIds(NO_PROXY)) {
        for (const call of [actionCall(id), actionForm(id)]) {
          const reply = await bench.visitor().send(path, call)
          expect(reply.text).not.toMatch(/secret:/)
        }
      }
    }
  })

  it('nothing but time ends a session: sign-out, revocation and rotation work as before', async () => {
    const [here, there] = [await bench.user('josé'), await bench.user('josé')]
    expect((await here.post('/api/sessions/revoke-others')).json()).toEqual({ revoked: 1 })
    expectProblem(await there.get('/api/me'), 401)
    expect((await here.post('/api/auth/rotate')).status).toBe(204)
    expect((await here.get('/dashboard')).text).toContain('secret:dashboard')
    const before = here.copy()
    expect((await here.post('/api/auth/logout')).status).toBe(204)
    expectProblem(await before.get('/api/me'), 401)
  })

  it('an anonymous visit costs no KV command, a signed-in one 1', async () => {
    const anonymous = await bench.count(async () => {
      for (const [path] of PAGES) await bench.visitor().get(path)
      await bench.visitor().get('/api/me', { cookie: '__Host-session=forged' })
    })
    expect(anonymous.commands).toBe(0)
    const alice = await bench.user('alice')
    expect((await bench.count(() => alice.get('/dashboard'))).commands).toBe(1)
    expect((await bench.count(() => alice.get('/api/me'))).commands).toBe(1)
  })

  it('with the KV stopped nobody is signed out, and nothing is shown', async () => {
    const alice = await bench.user('alice')
    await bench.kv.pause()
    try {
      for (const [path, secret] of PAGES) {
        const reply = await alice.send(path, { mayFail: true })
        expect([path, reply.setCookies, reply.text.includes(secret)]).toEqual([path, [], false])
        expect(reply.status).toBeGreaterThanOrEqual(500)
        expect(reply.milliseconds).toBeLessThan(2_000)
      }
      expectProblem(await alice.get('/api/me'), 503)
      expect((await alice.get('/')).status).toBe(200)
    } finally {
      await bench.kv.resume()
    }
    expect((await alice.get('/dashboard')).text).toContain('secret:dashboard')
  })
})
