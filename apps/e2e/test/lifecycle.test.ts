import { describe, expect, it } from 'vitest'
import { type Bench, useBench } from '../support/bench.ts'
import { expectProblem } from '../support/expect-problem.ts'
import { pause } from '../support/server.ts'
import { actionCall, hiddenFields } from '../support/server-actions.ts'
import { GUARDED, NEXT_16_PROXY } from '../support/variants.ts'
import type { Visitor } from '../support/visitor.ts'

const me = async (visitor: Visitor) => (await visitor.get('/api/me')).status

interface Listed {
  readonly id: string
  readonly createdAt: string
  readonly current: boolean
  readonly lastSeenAt: string
}
const list = async (visitor: Visitor) => (await visitor.get('/api/sessions')).json<readonly Listed[]>()

describe.each(GUARDED)('the end of a session on $name', (variant) => {
  const env = { SESSION_IDLE_SECONDS: '3', SESSION_ABSOLUTE_SECONDS: '6', SESSION_TOUCH_SECONDS: '1' }
  const bench = useBench(variant, { env, instances: 2 })

  it('comes when it is not used for the idle time', async () => {
    const visitor = await bench.user('alice')
    await pause(1_500)
    expect(await me(visitor)).toBe(200)
    await pause(3_300)
    expect(await me(visitor)).toBe(401)
    expect(visitor.cookie()).toBe('')
  })

  it('comes after the absolute time, however much it is used, on every path', async () => {
    const visitor = await bench.user('alice')
    const born = Date.now()
    while (Date.now() - born < 4_500) {
      expect(await me(visitor)).toBe(200)
      await pause(1_000)
    }
    // As a thief sends it, who does not mind how long a browser would keep it.
    const headers = { cookie: visitor.cookie() }
    expect(headers.cookie).toContain('session=')
    await pause(6_300 - (Date.now() - born))
    const thief = bench.visitor()
    expect((await thief.get('/dashboard', headers)).status).toBe(307)
    expect((await thief.get('/api/me', headers)).status).toBe(401)
    expect((await thief.get('/api/whoami', headers)).text).toBe('{"header":null,"session":null}')
    expect((await thief.get('/api/session', headers)).text).toBe('{"session":null}')
    expectProblem(await thief.get('/api/sessions', headers), 401)
    expectProblem(await thief.send('/api/session', { method: 'PATCH', headers, body: '{"late":1}' }), 401)
    await visitor.get('/dashboard')
    expect(visitor.cookie()).toBe('')
  })

  it('is not put off by what somebody does not do: an idle session shows in no list', async () => {
    const [idle, used] = [await bench.user('bob'), await bench.user('bob')]
    for (let i = 0; i < 3; i += 1) {
      await pause(1_200)
      expect(await me(used)).toBe(200)
    }
    expect((await list(used)).map(({ current }) => current)).toEqual([true])
    expect(await me(idle)).toBe(401)
  })
})

const lastSeen = async (visitor: Visitor) => Date.parse((await list(visitor))[0]?.lastSeenAt ?? '')

/** How many requests `work` makes of the KV that do more than read. */
async function writesOf(bench: Bench, work: () => Promise<unknown>): Promise<number> {
  const before = bench.kv.journal().length
  await work()
  // What is written behind the answer.
  await pause(300)
  const all = bench.kv.journal().slice(before)
  const writing = all.filter(({ command }) => !['HMGET', 'HGETALL'].includes(command[0] ?? ''))
  return new Set(writing.map(({ request }) => request)).size
}

describe('activity', () => {
  const touchInterval = 10_000
  const bench = useBench(NEXT_16_PROXY, { env: { SESSION_TOUCH_SECONDS: '10' } })

  it('is written down once per touch interval, however many requests come', async () => {
    const visitor = await bench.user('alice')
    const first = await lastSeen(visitor)
    const early = await bench.count(() => Promise.all(Array.from({ length: 20 }, () => me(visitor))))
    expect(early.commands).toBe(20)
    await pause(touchInterval + 200)
    const statuses: number[] = []
    const started = Date.now()
    const writes = await writesOf(bench, async () => {
      const ask = async () => {
        for (let i = 0; i < 50; i += 1) statuses.push(await me(visitor))
      }
      await Promise.all(Array.from({ length: 10 }, ask))
    })
    expect(statuses).toEqual(Array.from({ length: 500 }, () => 200))
    expect(writes).toBeGreaterThanOrEqual(1)
    // A slow machine may need more than one interval.
    expect(writes).toBeLessThanOrEqual(1 + Math.floor((Date.now() - started) / touchInterval))
    expect(await lastSeen(visitor)).toBeGreaterThan(first)
  })
})

describe('activity on two instances', () => {
  const bench = useBench(NEXT_16_PROXY, { env: { SESSION_TOUCH_SECONDS: '2' }, instances: 2 })

  it('is written down once by each, however many ask while it is due, and none of them is lost', async () => {
    const visitor = await bench.user('bob')
    const first = await lastSeen(visitor)
    const elsewhere = visitor.at(bench.servers[1]?.origin ?? '')
    await pause(2_200)
    const statuses: number[] = []
    const writes = await writesOf(bench, async () => {
      const reads = bench.kv.barrier({ command: 'HMGET' }, 'after')
      const asked = Array.from({ length: 20 }, (_, i) => me(i % 2 === 0 ? visitor : elsewhere))
      // All of them read that it is due before the first can write. No read is waited for longer than 750 ms.
      for (let i = 0; i < 20 && reads.waiting() < asked.length; i += 1) await pause(20)
      reads.release()
      statuses.push(...(await Promise.all(asked)))
    })
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200))
    expect(writes).toBeGreaterThanOrEqual(1)
    expect(writes).toBeLessThanOrEqual(bench.servers.length)
    expect((await list(elsewhere)).map(({ current }) => current)).toEqual([true])
    expect(await lastSeen(visitor)).toBeGreaterThanOrEqual(first + 2_000)
  })
})

describe.each(GUARDED)('rotation on $name', (variant) => {
  const env = { SESSION_GRACE_SECONDS: '3', SESSION_EVENTS: '1' }
  const bench = useBench(variant, { env, instances: 2 })
  const second = (visitor: Visitor) => visitor.at(bench.servers[1]?.origin ?? '')

  it('50 parallel requests with the old token around it: 50 × 200, one successor', async () => {
    const visitor = await bench.user('alice')
    const old = visitor.copy()
    const requests = Array.from({ length: 50 }, (_, i) => {
      const one = old.copy()
      return (i % 2 === 0 ? one : second(one)).get('/api/me')
    })
    const [rotated, ...replies] = await Promise.all([visitor.post('/api/auth/rotate'), ...requests])
    expect(rotated.status).toBe(204)
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
    expect(await list(visitor)).toHaveLength(1)
    const { id } = (await list(visitor))[0] ?? {}
    const late = await old.copy().get('/api/sessions')
    expect(late.json<readonly Listed[]>().map((session) => [session.id, session.current])).toEqual([
      [id, true],
    ])
  })

  it('50 rotations at once agree on one successor, and every one of them stays signed in', async () => {
    const visitor = await bench.user('bob')
    const visitors = Array.from({ length: 50 }, () => visitor.copy())
    const replies = await Promise.all(
      visitors.map((one, i) => (i % 2 === 0 ? one : second(one)).post('/api/auth/rotate')),
    )
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 204))
    expect(await Promise.all(visitors.map(me))).toEqual(Array.from({ length: 50 }, () => 200))
    const ids = await Promise.all(visitors.slice(0, 10).map(async (one) => (await list(one))[0]?.id))
    expect(new Set(ids).size).toBe(1)
  })

  it('the old token after the grace ends the whole family, and is reported', async () => {
    const visitor = await bench.user('123')
    const thief = visitor.copy()
    expect((await visitor.post('/api/auth/rotate')).status).toBe(204)
    expect(await me(second(thief.copy()))).toBe(200)
    await pause(3_400)
    expect(await me(visitor)).toBe(200)
    expect(await me(second(thief))).toBe(401)
    expect(await me(visitor)).toBe(401)
    await expect
      .poll(() => bench.servers.map((server) => server.output()).join())
      .toMatch(/"type":"[^"]*reuse/)
  })

  it('re-authentication gives no grace: the old token is dead on the next request', async () => {
    const visitor = await bench.user('alice')
    const old = visitor.copy()
    expect((await visitor.post('/api/auth/reauth', { pass: 'demo-alice' })).status).toBe(204)
    expect(await me(second(old))).toBe(401)
    expect(await me(visitor)).toBe(200)
  })

  it('a session for the browser’s session stays one', async () => {
    const visitor = bench.visitor()
    await visitor.signIn('alice', { remember: false })
    const reply = await visitor.post('/api/auth/rotate')
    expect(reply.setCookies[0]).not.toMatch(/Max-Age|Expires/i)
    const again = await visitor.post('/api/auth/reauth', { pass: 'demo-alice' })
    expect(again.setCookies[0]).not.toMatch(/Max-Age|Expires/i)
  })

  it('a rotated token gets its successor with the next page', async () => {
    const visitor = await bench.user('josé')
    const old = visitor.copy()
    await visitor.post('/api/auth/rotate')
    await old.get('/dashboard')
    await pause(3_400)
    expect(await me(old)).toBe(200)
    expect(await me(visitor)).toBe(200)
  })
})

describe.each(GUARDED)('rotation by age on $name', (variant) => {
  const env = { SESSION_ROTATE_SECONDS: '1', SESSION_GRACE_SECONDS: '2' }
  const bench = useBench(variant, { env })

  it('happens on a read once the token is old enough, and keeps the session', async () => {
    const visitor = await bench.user('alice')
    await visitor.send('/api/session', { method: 'PATCH', body: '{"kept":true}' })
    const before = visitor.token()
    await pause(1_200)
    expect((await visitor.get('/dashboard')).text).toContain('secret:dashboard')
    expect(visitor.token()).not.toBe(before)
    expect((await visitor.get('/api/me')).json()).toMatchObject({ userId: 'alice', data: { kept: true } })
    expect(await list(visitor)).toHaveLength(1)
  })

  it('does not happen where a server action redirects to, as the browser would not hear of it', async () => {
    const visitor = await bench.user('alice')
    // The first is that of signing out.
    const [name = ''] = hiddenFields((await visitor.get('/bounce')).text).at(-1) ?? []
    const before = visitor.token()
    await pause(1_200)
    const { headers, ...call } = actionCall(name.replace('$ACTION_ID_', ''))
    const reply = await visitor.send('/bounce', { ...call, headers: { ...headers, origin: bench.origin } })
    expect(reply.headers['x-action-redirect']).toMatch(/^\/dashboard;/)
    expect(visitor.token()).toBe(before)
    // Next.js has asked for the page meanwhile.
    expect(reply.text).toContain('secret:dashboard')
    await pause(2_200)
    expect((await visitor.get('/dashboard')).status).toBe(200)
    expect(visitor.token()).not.toBe(before)
  })

  it('happens once for many requests at once', async () => {
    const visitor = await bench.user('bob')
    await pause(1_200)
    const replies = await Promise.all(Array.from({ length: 20 }, () => visitor.copy().get('/dashboard')))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await list(visitor)).toHaveLength(1)
  })
})

describe.each(GUARDED)('at most 3 sessions per user, on $name', (variant) => {
  const bench = useBench(variant, { env: { SESSION_MAX_PER_USER: '3' }, instances: 2 })

  it('the fourth sign-in ends the oldest', async () => {
    const visitors = []
    for (let i = 0; i < 4; i += 1) visitors.push(await bench.user('alice'))
    expect(await Promise.all(visitors.map(me))).toEqual([401, 200, 200, 200])
  })

  it('50 sign-ins at once leave 3', async () => {
    const visitors = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const visitor = bench.visitor()
        await (i % 2 === 0 ? visitor : visitor.at(bench.servers[1]?.origin ?? '')).signIn('bob')
        return visitor
      }),
    )
    const alive = (await Promise.all(visitors.map(me))).filter((status) => status === 200)
    expect(alive).toHaveLength(3)
  }, 60_000)
})

describe('a fresh proof', () => {
  const bench = useBench(NEXT_16_PROXY, { env: { SESSION_FRESH_SECONDS: '1' } })

  it('is asked for again when it is too old', async () => {
    const visitor = await bench.user('alice')
    expect((await visitor.get('/sensitive')).text).toContain('secret:sensitive')
    await pause(1_200)
    const reply = await visitor.get('/sensitive')
    expect(reply.status).toBe(307)
    expect(reply.text).not.toContain('secret:sensitive')
    await visitor.post('/api/auth/reauth', { pass: 'demo-alice' })
    expect((await visitor.get('/sensitive')).text).toContain('secret:sensitive')
  })
})

describe('3 attempts a minute', () => {
  const bench = useBench(NEXT_16_PROXY, { env: { LOGIN_RATE_LIMIT: '3' } })

  const attempt = (pass: string, headers = {}) =>
    bench.visitor().post('/api/auth/login', { user: 'alice', pass }, headers)

  it('the fourth answers 429, right or wrong; other users are not concerned', async () => {
    const statuses = []
    for (let i = 0; i < 3; i += 1) statuses.push((await attempt('wrong')).status)
    expect(statuses).toEqual([401, 401, 401])
    const fourth = await attempt('demo-alice')
    expectProblem(fourth, 429)
    expect(Number(fourth.headers['retry-after'])).toBeGreaterThan(0)
    expect(fourth.setCookies).toEqual([])
    await bench.visitor().signIn('bob')
  })

  // Each line is one network, none of them that of another line.
  it.each([
    ['2001:db8::1', '2001:0DB8:0000:0000:0001::', '2001:db8::ffff:ffff:ffff:ffff', '2001:db8::192.0.2.1'],
    ['2001:db8:0:1::1', '2001:db8:0:1::2', '2001:db8:0:1::3', '2001:db8:0:1::4'],
    ['1::2:3:4:5:6', '1:0:0:2::', '1:0:0:2::1', '1:0:0:2:3:4:5:6'],
    ['::1', '::2', '::ffff:0:1:2', '0:0:0:0:1::'],
    ['fe80::1%eth0', 'fe80::1%eth1', 'fe80::2', 'fe80::3'],
    ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:192.0.2.1'],
    ['192.0.2.2', '192.0.2.1, 192.0.2.2', '2001:db8:2::1, 192.0.2.2', '::ffff:192.0.2.2'],
  ])('are those of a whole IPv6 network, in whatever spelling (CVE-2026-45364): %s', async (...addresses) => {
    const statuses = []
    for (const address of addresses)
      statuses.push((await attempt('wrong', { 'x-forwarded-for': address })).status)
    expect(statuses).toEqual([401, 401, 401, 429])
  })
})
