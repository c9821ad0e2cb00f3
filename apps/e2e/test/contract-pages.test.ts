import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { isPrivate } from '../support/every-reply.ts'
import { actionCall, actionForm, actionIds, actionWithForm } from '../support/server-actions.ts'
import { GUARDED } from '../support/variants.ts'
import type { Visitor } from '../support/visitor.ts'

const SECRETS = [
  ['/dashboard', 'secret:dashboard'],
  ['/sensitive', 'secret:sensitive'],
  ['/files/private', 'secret:files'],
  ['/files/private/a/b', 'secret:files'],
  ['/acme/settings', 'secret:settings'],
  ['/日本/settings', 'secret:settings'],
  ['/favicon.ico/settings', 'secret:settings'],
  ['/x.png/settings', 'secret:settings'],
  ['/_next/settings', 'secret:settings'],
  ['/public/settings', 'secret:settings'],
  ['/cached', 'alice'],
  ['/dashboard/sessions', 'This device'],
] as const

const PROTECTED = [...SECRETS.map(([path]) => path), '/admin', '/nowhere/settings', '/dashboard/nowhere']

const USERS = ['alice', 'bob', '123', 'true', 'null', '日本', 'josé', ' pad ', '__proto__', 'u'.repeat(200)]

describe.each(GUARDED)('the pages on $name', (variant) => {
  const bench = useBench(variant, { instances: 2 })
  const second = () => bench.servers[1]?.origin ?? ''

  it.each(['/', '/public'])('%s says anonymous, or the user id', async (path) => {
    const anonymous = await bench.visitor().get(path)
    expect([anonymous.status, anonymous.setCookies]).toEqual([200, []])
    expect(anonymous.text).toContain('anonymous')
    const alice = await (await bench.user('alice')).at(second()).get(path)
    expect(alice.text).toContain('alice')
    expect(alice.text).not.toContain('anonymous')
  })

  it('/static is the same for everybody, and loses a dead cookie', async () => {
    const alice = await bench.user('alice')
    const [mine, theirs] = [await alice.get('/static'), await bench.visitor().get('/static')]
    expect([mine.status, mine.text]).toEqual([200, theirs.text])
    await alice.copy().post('/api/auth/logout')
    const reply = await alice.get('/static')
    expect([reply.status, alice.cookie()]).toEqual([200, ''])
    expect(isPrivate(reply.headers['cache-control'] ?? '')).toBe(true)
  })

  it.each(SECRETS)('%s shows %s to its user', async (path, secret) => {
    const reply = await (await bench.user('alice')).at(second()).get(encodeURI(path))
    expect([reply.status, reply.text.includes(secret)]).toEqual([200, true])
    expect(isPrivate(reply.headers['cache-control'] ?? '')).toBe(true)
  })

  it.each(PROTECTED)('%s sends an anonymous visitor to sign in and back', async (path) => {
    const target = `${encodeURI(path)}?a=1&b=%26%2F`
    const expected = `/login?next=${encodeURIComponent(target)}`
    for (const method of ['GET', 'HEAD']) {
      const reply = await bench.visitor().send(target, { method })
      expect([reply.status, reply.headers.location]).toEqual([307, expected])
      expect(isPrivate(reply.headers['cache-control'] ?? '')).toBe(true)
      expect(reply.text).not.toMatch(/secret:/)
    }
  })

  it('sends a posted form there by 303, so that it is not posted again', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const reply = await bench.visitor().send('/dashboard', { method: 'POST', headers, body: 'a=1' })
    expect([reply.status, reply.headers.location]).toEqual([303, '/login?next=%2Fdashboard'])
  })

  it('/admin is 403 for a member, without its secret, in every form it comes in', async () => {
    const bob = await bench.user('bob')
    for (const headers of [{}, { rsc: '1' }, { rsc: '1', 'next-router-prefetch': '1' }]) {
      const reply = await bob.get('/admin', headers)
      expect(reply.text).not.toContain('secret:admin')
      if (!('rsc' in headers)) expect(reply.status).toBe(403)
    }
    expect((await (await bench.user('alice')).get('/admin')).text).toContain('secret:admin')
  })

  it('/files guards its private branch alone, however it is spelled', async () => {
    const anonymous = await bench.visitor().get('/files/open/a')
    expect([anonymous.status, anonymous.text.includes('secret:')]).toEqual([200, false])
    for (const path of ['/files/private/a', '/files/Private/a', '/files/%70rivate/a', '/files/PRIVATE/a'])
      expect((await bench.visitor().get(path)).text).not.toContain('secret:')
  })

  it('/login sends whoever is signed in to where they wanted, on this site', async () => {
    const alice = await bench.user('alice')
    for (const [next, target] of [
      ['', '/dashboard'],
      ['?next=%2Fpublic%3Fa%3D1', '/public?a=1'],
      ['?next=//evil.test', '/dashboard'],
      ['?next=/%5Cevil.test', '/dashboard'],
      ['?next=https://evil.test', '/dashboard'],
      ['?next=%2F%09%2Fevil.test', '/dashboard'],
      ['?next=/a&next=//evil.test', '/dashboard'],
    ]) {
      const reply = await alice.get(`/login${next}`)
      expect([next, reply.status, reply.headers.location]).toEqual([next, 307, target])
    }
    expect((await bench.visitor().get('/login')).text).toContain('name="password"')
  })

  it.each(USERS)('shows the user %j their own id', async (user) => {
    const { text } = await (await bench.user(user)).get('/dashboard')
    expect(text).toContain(`>${user}<`)
    expect(text).toContain('secret:dashboard')
  })

  it('shows a user id with a line break without breaking anything', async () => {
    const visitor = await bench.user('a\r\nx: y')
    const reply = await visitor.get('/dashboard')
    expect(reply.status).toBe(200)
    expect(reply.text).toMatch(/a\s+x: y/)
    expect(Object.keys(reply.headers)).not.toContain('x')
  })

  it('answers 404 for what does not exist, without a cookie', async () => {
    const reply = await bench.visitor().get('/nowhere')
    expect([reply.status, reply.setCookies]).toEqual([404, []])
  })

  describe('server actions', () => {
    const PATHS = [
      '/dashboard',
      '/',
      '/public',
      '/static',
      '/login',
      '/files/open',
      '/nowhere',
      '/api/me',
      '/admin',
    ]

    it('of /dashboard answer secret:action to whoever is signed in', async () => {
      const replies: string[] = []
      for (const id of actionIds(variant)) {
        // Signing out is one of them: a session for each.
        const visitor = await bench.user('alice')
        const reply = await visitor.send('/dashboard', actionCall(id))
        replies.push(reply.text)
      }
      expect(replies.filter((text) => text.includes('secret:action'))).toHaveLength(1)
    })

    it.each(PATHS)('are refused without a session when posted to %s', async (path) => {
      const dead = await bench.user('alice')
      await dead.copy().post('/api/auth/logout')
      for (const id of actionIds(variant)) {
        for (const call of [actionCall(id), actionForm(id)]) {
          for (const visitor of [bench.visitor(), dead.copy()]) {
            const headers = { origin: bench.origin, ...call.headers }
            const reply = await visitor.send(path, { ...call, headers })
            expect(reply.text).not.toMatch(/secret:/)
          }
        }
      }
    })

    it('end no sessions but for who may: not for a member, a stranger, or a page of another site', async () => {
      const victim = await bench.user('123')
      const send = (visitor: Visitor, id: string, { path = '/admin', origin = bench.origin } = {}) => {
        const { headers, ...call } = actionWithForm(id, { user: '123' })
        return visitor.send(path, { ...call, headers: { ...headers, origin } })
      }
      const ids = actionIds(variant)
      for (const id of ids) {
        for (const path of ['/admin', '/dashboard', '/', '/login']) {
          await send(bench.visitor(), id, { path })
          await send(await bench.user('bob'), id, { path })
        }
        const admin = await bench.user('alice')
        for (const origin of ['https://evil.test', 'null', 'http://localhost.evil.test'])
          await send(admin, id, { origin })
        expect((await admin.get('/api/me')).status).toBe(200)
      }
      expect((await victim.get('/api/me')).status).toBe(200)
      for (const id of ids) await send(await bench.user('alice'), id)
      expect((await victim.get('/api/me')).status).toBe(401)
    })

    it('of a protected page answer 401 and the way to sign in', async () => {
      const id = actionIds(variant)[0] ?? ''
      const reply = await bench.visitor().send('/dashboard', actionCall(id))
      expect(reply.status).toBe(401)
      expect(reply.headers['x-action-redirect']).toMatch(/^\/login\?next=%2Fdashboard/)
    })
  })
})
