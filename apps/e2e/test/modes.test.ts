import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { pause } from '../support/server.ts'
import { GUARDED, NEXT_16_PROXY } from '../support/variants.ts'

describe.each(GUARDED)('SESSION_CACHE_SECONDS=2 on $name', (variant) => {
  const env = { SESSION_CACHE_SECONDS: '2', SESSION_FRESH_SECONDS: '60' }
  const bench = useBench(variant, { env, instances: 2 })
  const second = () => bench.servers[1]?.origin ?? ''

  it('ten reads within the lag cost at most five KV requests in all', async () => {
    const visitor = await bench.user('alice')
    const { requests } = await bench.count(async () => {
      for (let read = 0; read < 10; read += 1) expect((await visitor.get('/api/me')).status).toBe(200)
    })
    expect(requests).toBeLessThanOrEqual(5)
  })

  it('a revocation anywhere is seen everywhere within the lag', async () => {
    const [here, there] = [await bench.user('bob'), (await bench.user('bob')).at(second())]
    for (let read = 0; read < 3; read += 1) expect((await there.get('/api/me')).status).toBe(200)
    await here.post('/api/sessions/revoke-others')
    await pause(2_500)
    expect((await there.get('/api/me')).status).toBe(401)
    expect((await there.at(bench.origin).get('/api/me')).status).toBe(401)
    expect((await here.get('/api/me')).status).toBe(200)
  })

  it('/sensitive never uses it', async () => {
    const [here, there] = [await bench.user('alice'), (await bench.user('alice')).at(second())]
    expect((await there.get('/sensitive')).text).toContain('secret:sensitive')
    await here.post('/api/sessions/revoke-others')
    const reply = await there.get('/sensitive')
    expect(reply.status).toBe(307)
    expect(reply.text).not.toContain('secret:')
    const signIn = await there.get(reply.headers.location ?? '')
    expect(signIn.status).toBe(200)
    expect(signIn.text).toContain('demo-')
  })

  it('changes of a session are seen by the session itself at once', async () => {
    const visitor = await bench.user('alice')
    await visitor.get('/api/me')
    await visitor.send('/api/session', { method: 'PATCH', body: '{"n":1}' })
    expect((await visitor.get('/api/me')).json()).toMatchObject({ data: { n: 1 } })
    expect((await visitor.post('/api/auth/logout')).status).toBe(204)
    expect((await visitor.get('/api/me')).status).toBe(401)
  })
})

describe.each(GUARDED)('SESSION_SNAPSHOT_SECONDS=60 on $name', (variant) => {
  const env = { SESSION_CACHE_SECONDS: '2', SESSION_SNAPSHOT_SECONDS: '60' }
  const bench = useBench(variant, { env, instances: 2 })

  it('lets an instance that never saw the session recognise it with one reading of the feed, and none after', async () => {
    const visitor = await bench.user('alice')
    for (let view = 0; view < 4; view += 1) expect((await visitor.get('/dashboard')).status).toBe(200)
    const there = visitor.at(bench.servers[1]?.origin ?? '')
    const { requests } = await bench.count(async () => {
      for (let view = 0; view < 5; view += 1) expect((await there.get('/api/me')).status).toBe(200)
    })
    // The lag may pass once while this runs.
    expect(requests).toBeLessThanOrEqual(2)
  })

  it('leaves a visitor signed in whose page view is answered after a new sign-in, and takes both cookies at the end', async () => {
    const visitor = await bench.user('alice')
    const views = []
    for (let view = 0; view < 4; view += 1) views.push(await visitor.get('/dashboard'))
    expect(visitor.cookie()).toMatch(/session-snapshot=[^;]/)
    await visitor.signIn('alice')
    for (const line of views.flatMap(({ setCookies }) => setCookies))
      visitor.jar.setCookieSync(line, 'https://demo.test/', { ignoreError: true })
    for (const { origin } of bench.servers) expect((await visitor.at(origin).get('/api/me')).status).toBe(200)
    expect((await visitor.post('/api/auth/logout')).status).toBe(204)
    expect(visitor.cookie()).toBe('')
  })

  it('is refused after a revocation, by an instance that never saw the session as well', async () => {
    const [here, visitor] = [await bench.user('bob'), await bench.user('bob')]
    for (let view = 0; view < 4; view += 1) await visitor.get('/dashboard')
    await here.post('/api/sessions/revoke-others')
    await pause(2_500)
    expect((await visitor.at(bench.servers[1]?.origin ?? '').get('/api/me')).status).toBe(401)
  })
})

describe.each(GUARDED)('SESSION_MODE=stateless on $name', (variant) => {
  const env = { SESSION_MODE: 'stateless', SESSION_IDLE_SECONDS: '2', SESSION_ABSOLUTE_SECONDS: '5' }
  const bench = useBench(variant, { env, instances: 2 })
  const second = () => bench.servers[1]?.origin ?? ''

  it('signs in, reads, changes and signs out without one KV command', async () => {
    const cost = await bench.count(async () => {
      const visitor = await bench.user('alice')
      expect((await visitor.at(second()).get('/api/me')).json()).toMatchObject({
        userId: 'alice',
        role: 'admin',
      })
      const patched = await visitor.send('/api/session', { method: 'PATCH', body: '{"n":1}' })
      expect(patched.json()).toEqual({ data: { n: 1 } })
      expect((await visitor.get('/api/me')).json()).toMatchObject({ data: { n: 1 } })
      expect((await visitor.get('/dashboard')).text).toContain('secret:dashboard')
      expect((await visitor.post('/api/auth/logout')).status).toBe(204)
      expect(visitor.cookie()).toBe('')
      expect((await visitor.get('/dashboard')).status).toBe(307)
    })
    expect(cost.commands).toBe(0)
  })

  it.each(['alice', '123', '日本', ' pad ', '__proto__', 'u'.repeat(200), 'a\r\nx: y'])(
    'knows the user %j',
    async (user) => {
      const visitor = await bench.user(user)
      expect((await visitor.get('/api/whoami')).json()).toEqual({ header: user, session: user })
    },
  )

  it('ends a session that is not used, and after the absolute time any', async () => {
    const [idle, used] = [await bench.user('alice'), await bench.user('alice')]
    const born = Date.now()
    const cookies = [idle.cookie(), used.cookie()]
    while (Date.now() - born < 4_000) {
      expect((await used.get('/api/me')).status).toBe(200)
      await pause(800)
    }
    // As a thief sends them, who does not mind how long a browser would keep them.
    const statusOf = async (cookie = '') => (await bench.visitor().get('/api/me', { cookie })).status
    const last = used.cookie()
    expect([await statusOf(cookies[0]), await statusOf(last)]).toEqual([401, 200])
    await pause(5_300 - (Date.now() - born))
    for (const cookie of [...cookies, last]) {
      expect(cookie).toContain('session=')
      expect(await statusOf(cookie)).toBe(401)
    }
  })

  it('keeps roles and private pages as they are', async () => {
    const bob = await bench.user('bob')
    expect((await bob.get('/admin')).status).toBe(403)
    expect((await bench.visitor().get('/dashboard')).status).toBe(307)
    const token = bob.token()
    const forged = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
    expect((await bench.visitor().get('/api/me', { cookie: `__Host-session=${forged}` })).status).toBe(401)
  })

  it('refuses data that does not fit into a cookie, and changes nothing', async () => {
    const visitor = await bench.user('alice')
    const before = visitor.token()
    const body = JSON.stringify({ big: 'x'.repeat(5_000) })
    expect((await visitor.send('/api/session', { method: 'PATCH', body })).status).toBe(413)
    expect(visitor.token()).toBe(before)
  })

  it('does not claim to revoke what it can not', async () => {
    const visitor = await bench.user('alice')
    for (const path of ['/api/sessions/revoke-others', '/api/sessions/revoke-all']) {
      const reply = await visitor.send(path, { method: 'POST', mayFail: true })
      expect(reply.status).toBeGreaterThanOrEqual(400)
      expect(reply.headers['content-type']).toMatch(/problem\+json/)
    }
  })
})

describe('INSECURE_DEV_COOKIES=1', () => {
  const bench = useBench(NEXT_16_PROXY, { env: { INSECURE_DEV_COOKIES: '1' } })

  it('names the cookie session, without Secure, and it works', async () => {
    const visitor = bench.visitor()
    const reply = await visitor.signIn('alice')
    expect(reply.setCookies[0]).toMatch(/^session=/)
    expect(reply.setCookies[0]).not.toMatch(/;\s*secure/i)
    expect((await visitor.get('/dashboard')).text).toContain('secret:dashboard')
    await visitor.post('/api/auth/logout')
    expect(visitor.cookie()).toBe('')
  })
})
