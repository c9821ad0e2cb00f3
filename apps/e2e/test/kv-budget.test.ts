import { describe, expect, it } from 'vitest'
import { keysOf, useBench } from '../support/bench.ts'
import { forgedTokens } from '../support/forged-tokens.ts'
import { pause } from '../support/server.ts'
import { GUARDED, NEXT_16_PROXY } from '../support/variants.ts'

const PUBLIC = [
  '/',
  '/public',
  '/static',
  '/login',
  '/files/open/a',
  '/api/session',
  '/api/whoami',
  '/nowhere',
]
const PROTECTED = [
  '/dashboard',
  '/admin',
  '/sensitive',
  '/files/private/a',
  '/acme/settings',
  '/cached',
  '/api/me',
]

describe.each(GUARDED)('KV commands on $name', (variant) => {
  const bench = useBench(variant)

  it.each([...PUBLIC, ...PROTECTED])('an anonymous visit of %s costs 0 and sets no cookie', async (path) => {
    const cost = await bench.count(async () => {
      expect((await bench.visitor().get(path)).setCookies).toEqual([])
    })
    expect(cost).toEqual({ commands: 0, requests: 0 })
  })

  it('a malformed, forged or foreign token costs 0, however many come', async () => {
    const forged = forgedTokens((await bench.user('alice')).token())
    const cost = await bench.count(async () => {
      for (const value of forged) {
        const headers = { cookie: `__Host-session=${value}` }
        const reply = await bench.visitor().get('/api/whoami', headers)
        expect([value.slice(0, 60), reply.status, reply.text]).toEqual([
          value.slice(0, 60),
          200,
          '{"header":null,"session":null}',
        ])
      }
    })
    expect(forged.length).toBeGreaterThanOrEqual(60)
    expect(cost.commands).toBe(0)
  })

  it('the icon of a page is in the page: a request for it would cost 1', async () => {
    const { text } = await (await bench.user('alice')).get('/dashboard')
    expect(text).toMatch(/<link rel="icon" href="data:image\/svg\+xml,/)
  })

  it.each(
    [...PROTECTED, '/', '/public', '/api/whoami', '/api/session'].filter((path) => path !== '/sensitive'),
  )('a signed-in visit of %s costs 1', async (path) => {
    const visitor = await bench.user('alice')
    for (let visit = 0; visit < 3; visit += 1) {
      const cost = await bench.count(async () => expect((await visitor.get(path)).status).toBe(200))
      expect(cost).toEqual({ commands: 1, requests: 1 })
    }
  })

  it('a visit of /sensitive, which takes nobody’s word for it, costs at most 2', async () => {
    const visitor = await bench.user('alice')
    expect((await bench.count(() => visitor.get('/sensitive'))).commands).toBeLessThanOrEqual(2)
  })

  it('signing in costs 1', async () => {
    expect(await bench.count(() => bench.user('alice'))).toEqual({ commands: 1, requests: 1 })
  })

  it('a refused sign-in costs 0', async () => {
    const attempt = () => bench.visitor().post('/api/auth/login', { user: 'alice', pass: 'no' })
    expect((await bench.count(attempt)).commands).toBe(0)
  })

  it('signing out costs 1, beside the 1 of recognising who does', async () => {
    const visitor = await bench.user('alice')
    const { commands } = await bench.count(() => visitor.post('/api/auth/logout'))
    expect(commands).toBeLessThanOrEqual(2)
  })

  it('a dead cookie costs 2 once, then 0', async () => {
    const visitor = await bench.user('alice')
    await visitor.copy().post('/api/auth/logout')
    expect((await bench.count(() => visitor.get('/public'))).commands).toBe(2)
    expect(visitor.cookie()).toBe('')
    expect((await bench.count(() => visitor.get('/public'))).commands).toBe(0)
  })

  it('no visit leaves anything in the KV but the sessions of those who signed in', async () => {
    await bench.kv.flush()
    await bench.visitor().get('/dashboard')
    await bench.visitor().get('/api/me', { cookie: '__Host-session=abc' })
    await bench.visitor().post('/api/auth/login', { user: 'alice', pass: 'no' })
    expect(await keysOf(bench.kv)).toEqual([])
    const visitor = await bench.user('alice')
    expect(await keysOf(bench.kv)).toHaveLength(1)
    await visitor.post('/api/auth/logout')
    expect(await keysOf(bench.kv)).toEqual([])
  })
})

describe('the cost of an expired token', () => {
  const env = { SESSION_IDLE_SECONDS: '1', SESSION_ABSOLUTE_SECONDS: '2' }
  const bench = useBench(NEXT_16_PROXY, { env })

  it('is 0 after the absolute end, which stands in the token', async () => {
    const visitor = await bench.user('alice')
    const headers = { cookie: visitor.cookie() }
    await pause(2_200)
    const cost = await bench.count(async () => {
      expect((await bench.visitor().get('/api/me', headers)).status).toBe(401)
    })
    expect(cost.commands).toBe(0)
  })
})
