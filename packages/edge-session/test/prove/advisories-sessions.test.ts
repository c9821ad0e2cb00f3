/*
 * One test for each advisory of recent years against session stores, tokens and what handles them; see
 * `advisories.test.ts` for the guards of routes. Races are run here in the order of their report; in every order, in
 * `interleavings.test.ts`.
 */
import { inspect } from 'node:util'
import { CompactEncrypt } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createEdgeSession } from '../../src/lib/edge-session.ts'
import { createSeal } from '../../src/lib/seal.ts'
import { createTokens } from '../../src/lib/token.ts'
import { restTransport } from '../../src/lib/transports/rest.ts'
import { callRoute } from '../support/app-route.ts'
import { SECRET, startInstance, type TestInstance } from '../support/instance.ts'
import { visit } from '../support/visit.ts'
import { report } from './report.ts'
import { expectNobody } from './support/hostile.ts'
import { PATIENCE, runs } from './support/settings.ts'

const HOUR = 3_600_000
const REQUESTS = runs({ usual: 5, proof: 50 })

let app: TestInstance & { stop(): Promise<void> }
beforeAll(async () => {
  app = await startInstance()
})
afterAll(() => app.stop())

async function outcomeOf(token: string, node: TestInstance = app): Promise<string> {
  const recognised = await node.engine.recognise([token], { fresh: true })
  return recognised.outcome === 'none' ? recognised.reason : recognised.outcome
}

/** An app with its route handlers, on the same KV. */
function routes() {
  const session = createEdgeSession({ secret: SECRET, kv: restTransport(app.kv), now: () => app.clock.now })
  const handlers = session.sessionHandlers()
  const send = (route: object, method: string, headers: Record<string, string>, path: string[] = []) =>
    callRoute(route, method, { headers, params: { path } })
  return { session, handlers, send }
}

describe('session stores', () => {
  it('rack-session CVE-2025-46336: a long request does not restore a session that ended meanwhile', async () => {
    const token = await app.signIn('alice', { data: { cart: 1 } })
    app.clock.now += 120_000
    const barrier = app.kv.barrier({ command: 'HMGET' }, 'after')
    const long = visit(app.proxy, '/public', { token })
    await barrier.held
    await app.lifecycle.revokeAll('alice', { except: null })
    barrier.release()
    // It began while the session was alive, and records its activity.
    expect((await long).seen?.get('x-user-id')).toBe('alice')
    expect(await outcomeOf(token)).toBe('revoked')
    expect(await app.kv.command('EXISTS', 'session:alice')).toBe(0)
  })

  it('@fastify/session CVE-2024-35220: a session ends as it was made, whatever a later configuration says', async () => {
    const token = await app.signIn('alice', { idle: HOUR })
    const later = app.with({ idle: '30d', absolute: '400d' })
    await visit(later.proxy, '/public', { token })
    app.clock.now += HOUR
    expect(await outcomeOf(token, later)).toBe('expired-idle')
    expect(await outcomeOf(token)).toBe('expired-idle')
  })

  it('better-auth #10992: less than a second of life left never means no end', async () => {
    for (const left of [1, 2, 499, 500, 999, 1_000, 1_001]) {
      const node = app.with({ absolute: 60_000 + left, touchInterval: '1s', idle: '1h' })
      const token = await node.signIn(`brief-${left}`)
      node.clock.now += 60_000
      await visit(node.proxy, '/public', { token })
      const ttl = Number(await app.kv.command('PTTL', `session:brief-${left}`))
      expect(ttl === -2 || (ttl > 0 && ttl <= 60_000 + left)).toBe(true)
    }
  })

  it('better-auth #11022: of sign-ins at the same time none is missing where sessions are listed and ended', async () => {
    const barrier = app.kv.barrier({ key: 'session:erin' }, 'before')
    const nodes = [app, app.with({}), app.with({})]
    const { result: tokens, commands } = await app.commandsDuring(async () => {
      const signIns = [...nodes, ...nodes, ...nodes].map((node) => node.signIn('erin'))
      await expect.poll(() => barrier.waiting(), { timeout: 15_000 }).toBe(signIns.length)
      barrier.release()
      return Promise.all(signIns)
    })
    // One each: nothing was read first that another one could change.
    expect(commands).toBe(tokens.length)
    const [own, ...others] = await app.lifecycle.list('erin')
    expect(others).toHaveLength(tokens.length - 1)
    expect(await app.lifecycle.revokeAll('erin', { except: own?.id ?? null })).toBe(others.length)
    const outcomes = await Promise.all(tokens.map((token) => outcomeOf(token)))
    expect(outcomes.sort()).toEqual(['active', ...others.map(() => 'revoked')])
    expect(await app.lifecycle.revokeAll('erin', { except: null })).toBe(1)
    expect(await app.kv.command('EXISTS', 'session:erin')).toBe(0)
  })

  it('better-auth #11073: nothing under way when all sessions are ended brings one back, or makes one that is not listed', async () => {
    const token = await app.signIn('frank')
    app.clock.now += 120_000
    const active = await app.engine.recognise([token])
    if (active.outcome !== 'active') throw new Error(active.outcome)
    const barrier = app.kv.barrier({ key: 'session:frank', times: 5 }, 'before')
    const signIn = app.signIn('frank')
    const underWay = [
      app.engine.touch(active),
      app.lifecycle.update(active, (record) => ({ ...record, data: { n: 1 } })),
      app.lifecycle.rotate(active),
      app.lifecycle.reauthenticate(active, { role: 'admin' }),
    ]
    const settled = Promise.allSettled(underWay)
    await expect.poll(() => barrier.waiting(), { timeout: 15_000 }).toBe(5)
    expect(await app.lifecycle.revokeAll('frank', { except: null })).toBe(1)
    barrier.release()
    const told = (await settled).map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code))
    // Of activity it is only said that KV answered.
    expect(told).toEqual([true, 'ERR_SESSION_NOT_FOUND', null, 'ERR_SESSION_NOT_FOUND'])
    expect(await outcomeOf(token)).toBe('revoked')
    const later = await signIn
    expect(await app.lifecycle.list('frank')).toHaveLength(1)
    expect(await outcomeOf(later)).toBe('active')
    expect(await app.lifecycle.revokeAll('frank', { except: null })).toBe(1)
    expect(await outcomeOf(later)).toBe('revoked')
  })

  it('@next-auth/upstash-redis-adapter CVE-2022-39263: the id of a session is good for its own user only', async () => {
    const token = await app.signIn('alice')
    const { tokens } = app.engine.parts()
    const opened = await tokens.open([token])
    if (typeof opened === 'string') throw new Error(opened)
    const forged = await tokens.issue({ ...opened.claims, userId: 'bob' })
    expect(await outcomeOf(forged)).toBe('revoked')
    expect(await app.lifecycle.revoke({ userId: 'bob', id: opened.id })).toBe(false)
    expect(await outcomeOf(token)).toBe('active')
  })

  it('Spring Security CVE-2023-20862: signing out really empties the session', async () => {
    const token = await app.signIn('carol', { data: { roles: ['admin'], cart: { a: 1 } } })
    const opened = await app.engine.open([token])
    if (typeof opened !== 'string') await app.lifecycle.destroy(opened)
    expect(await app.kv.command('EXISTS', 'session:carol')).toBe(0)
    expect(await outcomeOf(token)).toBe('revoked')
  })

  it('Spring Session CVE-2023-20866: no token, sid or data in events and errors', async () => {
    const token = await app.signIn('dave', { data: { canary: 'canary-data' } })
    const held = await app.engine.recognise([token])
    if (held.outcome !== 'active') throw new Error(held.outcome)
    const told: string[] = []
    const remove = app.kv.faults.add({ action: { type: 'status', status: 500 } })
    const attempts = [
      app.lifecycle.destroy(held.token),
      app.lifecycle.update(held, (record) => record),
      app.lifecycle.rotate(held),
      app.lifecycle.list('dave'),
      app.signIn('dave', { data: { canary: 'canary-data' } }),
    ]
    for (const attempt of await Promise.allSettled(attempts))
      if (attempt.status === 'rejected') told.push(inspect(attempt.reason, { depth: 10, showHidden: true }))
    remove()
    expect(told).toHaveLength(5)
    await visit(app.proxy, '/public', { token })
    const text = `${told.join()}${JSON.stringify(app.events)}`
    for (const secret of [token, held.token.claims.sid, SECRET, 'canary-data', app.kv.token, 'redis.call'])
      expect(text).not.toContain(secret)
  })

  it('@fastify/secure-session CVE-2024-31999: where nothing can be revoked, nothing pretends to', () => {
    const stateless = createEdgeSession({ mode: 'stateless', secret: SECRET })
    for (const name of ['listSessions', 'revokeSession', 'revokeOtherSessions', 'revokeAllSessions'])
      expect(stateless).not.toHaveProperty(name)
  })
})

describe('signing in and out', () => {
  it('passport CVE-2022-25896, fastify-passport CVE-2023-29019, CVE-2023-29020: a planted session does not become that of who signs in', async () => {
    const planted = await app.signIn('mallory', { data: { csrf: 'known to mallory' } })
    const { session, send } = routes()
    const signIn = async () => Response.json(await session.createSession({ userId: 'alice' }))
    const response = await send({ POST: signIn }, 'POST', { cookie: `__Host-session=${planted}` })
    const [, fresh = ''] = /^__Host-session=([^;]+)/.exec(response.headers.getSetCookie()[0] ?? '') ?? []
    expect(fresh).not.toBe(planted)
    expect(await outcomeOf(planted)).toBe('revoked')
    const recognised = await app.engine.recognise([fresh])
    // Nor does anything of what was in the session before.
    expect(recognised.outcome === 'active' && recognised.record).toMatchObject({ userId: 'alice', data: {} })
  })

  it('Django, strict sessions: an id that was not made here is never taken over', async () => {
    const foreign = await app.with({ secret: 'another-secret-of-at-least-32-characters' }).signIn('alice')
    await app.kv.flush()
    for (const value of [foreign, 'A'.repeat(43), 'attacker-chosen-session-id'])
      expectNobody(await visit(app.proxy, '/public', { token: value }))
    expect(await app.kv.command('DBSIZE')).toBe(0)
  })

  it('better-auth, multi-session sign-out: a forged cookie ends nobody’s session', async () => {
    const [alice, bob] = [await app.signIn('alice'), await app.signIn('bob')]
    const { handlers, send } = routes()
    for (const cookie of [
      `__Host-session=${bob.slice(0, -1)}${bob.endsWith('A') ? 'Q' : 'A'}`,
      `__Host-session=${alice}; __Host-session=${bob}`,
      `session=${bob}; __Host-session_multi-bob=${bob}`,
      `__Host-session=bob`,
    ])
      await send(handlers.logout, 'POST', { cookie })
    expect([await outcomeOf(alice), await outcomeOf(bob)]).toEqual(['active', 'active'])
  })

  it('better-auth CVE-2025-61928: without a session, no user id in the request makes one', async () => {
    const bob = await app.signIn('bob')
    const opened = await app.engine.open([bob])
    const id = typeof opened === 'string' ? '' : opened.id
    const { handlers, send } = routes()
    const headers = { 'x-user-id': 'bob', 'content-type': 'application/json' }
    const answers = await Promise.all([
      send(handlers.sessions, 'GET', headers),
      send(handlers.sessions, 'POST', headers, ['revoke-all']),
      send(handlers.sessions, 'DELETE', headers, [id]),
    ])
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(await outcomeOf(bob)).toBe('active')
  })

  it('Supabase getSession(), CVE-2026-31813: no function gives an identity that was not verified', async () => {
    const { session, handlers, send } = routes()
    const claims = btoa(JSON.stringify({ s: 'A'.repeat(43), u: 'root', i: 0, e: 9e12, m: 1 }))
    const headers = {
      cookie: `__Host-session=${claims}; user=root`,
      'x-user-id': 'root',
      'x-edge-session': btoa(JSON.stringify({ b: '', e: 9e12, i: { outcome: 'active' } })),
    }
    const page = async () => Response.json({ is: await session.getSession() })
    expect(await (await send({ GET: page }, 'GET', headers)).json()).toEqual({ is: null })
    expect(await (await send(handlers.session, 'GET', headers)).json()).toEqual({ session: null })
  })

  it('React Router CVE-2026-22030: a form of another site changes nothing', async () => {
    const alice = await app.signIn('alice')
    const { handlers, send } = routes()
    const cookie = `__Host-session=${alice}`
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      { origin: 'https://evil.test', host: 'app.test' },
      { origin: 'https://evil.test', host: 'app.test', 'x-forwarded-host': 'evil.test' },
      { origin: 'null', host: 'app.test' },
    ])
      expect((await send(handlers.logout, 'POST', { cookie, ...headers })).status).toBe(403)
    expect(await outcomeOf(alice)).toBe('active')
  })
})

describe('tokens', () => {
  const seal = createSeal([SECRET])
  const claims = { s: 'A'.repeat(43), u: 'root', i: 0, e: 9e12, m: 1 }

  it('next-auth CVE-2023-48309: what was sealed for one purpose is nothing for another', async () => {
    for (const made of ['token', 'identity', 'snapshot', 'stateless'] as const)
      for (const used of ['token', 'identity', 'snapshot', 'stateless'] as const) {
        const { kind } = await seal.unseal(used, await seal.seal(made, claims))
        expect([made, used, kind]).toEqual([made, used, made === used ? 'opened' : 'malformed'])
      }
  })

  it('rack-session CVE-2026-39324: what does not decrypt is not read in any other way', async () => {
    const json = JSON.stringify(claims)
    const [header = ''] = (await seal.seal('token', claims)).split('.')
    const none = btoa('{"alg":"none"}').replaceAll('=', '')
    for (const value of [
      json,
      btoa(json),
      encodeURIComponent(json),
      `s:${btoa(json)}.signature`,
      `${none}.${btoa(json).replaceAll('=', '')}.`,
      `${header}..${'A'.repeat(16)}.${btoa(json).replaceAll('=', '')}.${'A'.repeat(22)}`,
      `%04%08o:${json}`,
    ]) {
      const { result, commands } = await app.commandsDuring(() =>
        visit(app.proxy, '/public', { token: value }),
      )
      expectNobody(result)
      expect(commands).toBe(0)
    }
  })

  it('auth0 CVE-2025-46344: a token that is over, or has no end, is an anonymous visitor, never an error', async () => {
    const tokens = createTokens({ seal, now: () => app.clock.now })
    const base = { sid: 'A'.repeat(43), userId: 'alice', issuedAt: 0, remember: true }
    for (const absoluteEnd of [0, -1, 1, app.clock.now, Number.NaN, Number.POSITIVE_INFINITY, 1.5])
      expectNobody(await visit(app.proxy, '/public', { token: await tokens.issue({ ...base, absoluteEnd }) }))
    const { e, ...endless } = claims
    for (const odd of [
      endless,
      { ...claims, e: '9e12' },
      { ...claims, s: 1 },
      { ...claims, u: '' },
      [],
      {},
      'text',
    ])
      expectNobody(await visit(app.proxy, '/public', { token: await seal.seal('token', odd as object) }))
  })

  it('jose CVE-2024-28176, CVE-2022-36083: zip, PBES2 and other algorithms get no work done', async () => {
    // All of it ours but for the header: it would open, were that believed.
    const [header = '', , ...rest] = (await seal.seal('token', claims)).split('.')
    const decrypt = vi.spyOn(crypto.subtle, 'decrypt')
    for (const change of [
      { zip: 'DEF' },
      { alg: 'PBES2-HS512+A256KW', p2c: 2_147_483_647, p2s: 'AAAA' },
      { alg: 'none' },
      { enc: 'A128CBC-HS256' },
      { crit: ['exp'], exp: 0 },
      { jku: 'https://evil.test/jwks.json' },
    ]) {
      const forged = btoa(JSON.stringify({ ...JSON.parse(atob(header)), ...change })).replaceAll('=', '')
      const { result, commands } = await app.commandsDuring(() =>
        visit(app.proxy, '/public', { token: [forged, '', ...rest].join('.') }),
      )
      expectNobody(result)
      expect(commands).toBe(0)
    }
    expect(decrypt).not.toHaveBeenCalled()
    decrypt.mockRestore()

    const { kid } = JSON.parse(atob(header))
    const forged = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
      .encrypt(crypto.getRandomValues(new Uint8Array(32)))
    expectNobody(await visit(app.proxy, '/public', { token: forged }))
  })

  it('jshttp/cookie CVE-2024-47764: no option can put attributes into the cookie', () => {
    for (const cookie of [
      { name: 'a=b; Domain=evil.test; x' },
      { name: 'session\r\nset-cookie: a' },
      { name: '' },
      { path: '/; Domain=evil.test' },
      { path: 'relative' },
      { domain: 'evil.test; Path=/' },
      { domain: 'app.test\nx' },
      { sameSite: 'lax; Domain=evil.test' as 'lax' },
    ])
      expect(() => app.with({ cookie })).toThrow(/edge-session: "cookie\./)
  })
})

describe('many at once', () => {
  it('auth0 CVE-2026-40155: 200 users through one instance are never taken for one another', {
    timeout: PATIENCE,
  }, async () => {
    const users = Array.from({ length: 200 }, (_, n) => `user-${n}`)
    const tokens = await Promise.all(users.map((user) => app.signIn(user, { data: { is: user } })))
    app.kv.faults.add({ match: { probability: 0.3 }, action: { type: 'delay', ms: 3, when: 'after' } })
    app.kv.faults.add({ match: { probability: 0.02 }, action: { type: 'reset', when: 'after' } })
    let wrong = 0
    let right = 0
    for (let round = 0; round < REQUESTS; round += 1) {
      app.clock.now += 61_000
      const visits = tokens.map(async (token, n) => {
        const { seen } = await visit(app.proxy, '/public', { token })
        const header = seen?.get('x-edge-session') ?? ''
        const page = await app.engine.takeOver(header, [token])
        if (page?.outcome !== 'active') return
        const { userId, data } = page.record
        const own = [seen?.get('x-user-id'), userId, data.is].every((user) => user === users[n])
        if (own) right += 1
        else wrong += 1
      })
      await Promise.all(visits)
    }
    app.kv.faults.clear()
    report('identities in parallel', { right, wrong })
    expect(wrong).toBe(0)
    expect(right).toBeGreaterThan(REQUESTS * 180)
  })
})
