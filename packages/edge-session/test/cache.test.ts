import { type LocalKV, startLocalKV } from 'local-kv'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CacheOptions } from '../src/lib/cache-options.ts'
import { ConfigurationError } from '../src/lib/errors.ts'
import { kvStore } from '../src/lib/kv-store.ts'
import { memoryStore } from '../src/lib/memory-store.ts'
import type { EdgeSessionOptions } from '../src/lib/options.ts'
import { resolveOptions } from '../src/lib/options.ts'
import { createSeal } from '../src/lib/seal.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { OTHER_SECRET, SECRET, startInstance, type TestInstance } from './support/instance.ts'
import { visit } from './support/visit.ts'

const SECOND = 1_000
const MINUTE = 60_000
const LAG = 5 * SECOND

let here: TestInstance & { stop(): Promise<void> }
/** Another node on the same KV. */
let there: TestInstance

async function start(cache: CacheOptions = {}, options: EdgeSessionOptions = {}): Promise<void> {
  here = await startInstance({ ...options, cache })
  there = here.with({})
}

/** Who a token belongs to, as this node says: outcome or why there is none, and the session if there is one. */
async function look(
  token: string,
  { at = here as TestInstance, fresh = false, copies = [] as readonly string[] } = {},
) {
  const recognised = await at.engine.recognise([token], { fresh, copies })
  const said = recognised.outcome === 'none' ? recognised.reason : recognised.outcome
  return { said, session: recognised.outcome === 'active' ? recognised.session : null, recognised }
}

async function held(token: string, at = there) {
  const { recognised } = await look(token, { at, fresh: true })
  if (recognised.outcome !== 'active') throw new Error(`not active: ${recognised.outcome}`)
  return recognised
}

/** A session that this node serves from memory. */
async function keptSession(userId = 'alice'): Promise<string> {
  const token = await here.signIn(userId)
  // The first look begins the feed, the second is kept.
  await look(token)
  await look(token)
  return token
}

const costOf = (work: () => Promise<unknown>) => here.commandsDuring(work).then(({ commands }) => commands)

beforeEach(() => start())
afterEach(() => here.stop())

describe('what a look costs', () => {
  it('is nothing while the feed was read within the lag', async () => {
    const token = await keptSession()
    here.clock.now += LAG - 1
    expect(await costOf(() => look(token))).toBe(0)
    expect((await look(token)).session?.userId).toBe('alice')
  })

  it('is two commands at once on the first day of a node, one for a session it does not know yet', async () => {
    const [alice, bob] = [await here.signIn('alice'), await here.signIn('bob')]
    expect(await costOf(() => look(alice))).toBe(2)
    expect(await costOf(() => look(bob))).toBe(1)
    expect(await costOf(() => look(bob))).toBe(0)
  })

  it('is one reading of the feed for everybody once the lag is over', async () => {
    const tokens = [await keptSession('alice'), await keptSession('bob'), await keptSession('carol')]
    here.clock.now += LAG
    const looks = () => Promise.all([...tokens, ...tokens].map((token) => look(token)))
    expect(await costOf(looks)).toBe(1)
    expect(await costOf(looks)).toBe(0)
  })

  it('is nothing at all without traffic, however long', async () => {
    await keptSession()
    const { requests } = here.kv.stats()
    here.clock.now += 60 * MINUTE
    expect(here.kv.stats().requests).toBe(requests)
  })

  it('is nothing for tokens that are not ours', async () => {
    await keptSession()
    here.clock.now += LAG
    expect(await costOf(() => look('forged'))).toBe(0)
  })

  it('stays bounded in memory: more users than fit are asked of KV again', async () => {
    await here.stop()
    await start({ memory: 5 })
    const tokens: string[] = []
    for (let n = 0; n < 40; n += 1) tokens.push(await keptSession(`user ${n}`))
    expect(await costOf(async () => void (await look(tokens[39] ?? '')))).toBe(0)
    expect(await costOf(async () => void (await look(tokens[0] ?? '')))).toBe(1)
  })
})

describe('a change on another node', () => {
  const CHANGES: Record<string, (token: string) => Promise<unknown>> = {
    'sign-out': async (token) => there.lifecycle.destroy((await held(token)).token),
    revocation: async (token) => there.lifecycle.revoke((await held(token)).record),
    'sign-out everywhere': () => there.lifecycle.revokeAll('alice', { except: null }),
    're-authentication': async (token) =>
      there.lifecycle.reauthenticate(await held(token), { role: 'admin' }),
    'a sign-in over it': async (token) => signInOver((await held(token)).token),
  }

  async function signInOver(previous: Awaited<ReturnType<typeof held>>['token']) {
    const { record } = await held(previous.token)
    return there.lifecycle.create({ ...record, userId: 'bob' }, { remember: true, previous })
  }

  for (const [name, change] of Object.entries(CHANGES)) {
    it(`is seen within the lag: ${name}`, async () => {
      const token = await keptSession()
      await change(token)
      here.clock.now += LAG
      expect((await look(token)).said).toBe('revoked')
      expect((await look(token)).said).toBe('revoked')
    })
  }

  it('is seen within the lag: eviction by a sign-in on another device', async () => {
    const token = await keptSession()
    const strict = there.with({ maxSessions: 1 })
    await strict.signIn('alice')
    here.clock.now += LAG
    expect((await look(token)).said).toBe('revoked')
  })

  it('is seen within the lag: new data', async () => {
    const token = await keptSession()
    await there.lifecycle.update(await held(token), (record) => ({ ...record, data: { theme: 'dark' } }))
    here.clock.now += LAG
    expect((await look(token)).session?.data).toEqual({ theme: 'dark' })
    expect(await costOf(() => look(token))).toBe(0)
  })

  it('is seen within the lag: a rotation, and the reuse of the old token after its grace', async () => {
    const token = await keptSession()
    const issued = await there.lifecycle.rotate(await held(token))
    here.clock.now += LAG
    expect((await look(token)).recognised).toMatchObject({ outcome: 'active', reissue: expect.any(String) })
    here.clock.now += 30 * SECOND
    expect((await look(token)).said).toBe('rotated-reuse')
    here.clock.now += LAG
    expect((await look(issued?.token ?? '')).said).toBe('revoked')
  })

  it('is not seen before: that is the price', async () => {
    const token = await keptSession()
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now += LAG - 1
    expect((await look(token)).said).toBe('active')
  })

  it('is not undone by a replica that has not heard of it', async () => {
    const token = await keptSession()
    await here.kv.replica.catchUp()
    here.kv.faults.add({ action: { type: 'lag', ms: 'manual' } })
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now += LAG
    expect((await look(token)).said).toBe('revoked')
  })

  it('costs other users nothing', async () => {
    const [alice, bob] = [await keptSession('alice'), await keptSession('bob')]
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now += LAG
    expect(await costOf(() => look(bob))).toBe(1)
    expect(await costOf(() => look(bob))).toBe(0)
    expect((await look(alice)).said).toBe('revoked')
  })

  it('is seen at once by who asks for a fresh look', async () => {
    const token = await keptSession()
    await there.lifecycle.revokeAll('alice', { except: null })
    expect((await look(token, { fresh: true })).said).toBe('revoked')
    expect((await look(token)).said).toBe('revoked')
  })

  it('is seen at once by the visitor who made it, whose new token says so', async () => {
    const token = await keptSession()
    const { issued } = await there.lifecycle.update(await held(token), (record) => ({
      ...record,
      data: { theme: 'dark' },
    }))
    expect((await look(issued?.token ?? '')).session?.data).toEqual({ theme: 'dark' })
    expect((await look(issued?.token ?? '')).session?.data).toEqual({ theme: 'dark' })
    expect(issued?.token).not.toBe(token)
  })
})

describe('the token of an update', () => {
  it('never takes the place of one that a rotation at the same time has made', async () => {
    await here.stop()
    await start({}, { rotateEvery: '15m', rotationGrace: '30s' })
    const token = await here.signIn('alice')
    here.clock.now += 15 * MINUTE - 30 * SECOND
    const { issued } = await here.lifecycle.update(await held(token), (record) => record)
    expect(issued).toBeNull()
    here.clock.now += 30 * SECOND
    const { setCookies } = await visit(here.proxy, '/', { token })
    expect(setCookies).toHaveLength(1)
  })

  it('is handed out as long as no rotation is near', async () => {
    await here.stop()
    await start({}, { rotateEvery: '15m', rotationGrace: '30s' })
    const token = await here.signIn('alice')
    here.clock.now += 14 * MINUTE
    const { issued } = await here.lifecycle.update(await held(token), (record) => record)
    expect(issued).not.toBeNull()
  })
})

describe('the sign-in page', () => {
  it.each(['/login', '/login/', '/%6cogin'])('is never decided from memory: %s', async (path) => {
    await here.stop()
    await start({}, { protect: { routes: ['/dashboard'], signIn: '/login' } })
    const token = await keptSession()
    await there.lifecycle.revokeAll('alice', { except: null })
    expect((await visit(here.proxy, '/dashboard', { token })).seen?.get('x-user-id')).toBe('alice')
    expect((await visit(here.proxy, path, { token })).seen?.get('x-user-id')).toBeNull()
  })
})

describe('a change on this node', () => {
  it('is seen at once', async () => {
    const token = await keptSession()
    await here.lifecycle.update(await held(token, here), (record) => ({ ...record, data: { n: 1 } }))
    expect((await look(token)).session?.data).toEqual({ n: 1 })
    await here.lifecycle.revokeAll('alice', { except: null })
    expect((await look(token)).said).toBe('revoked')
  })

  it('is seen at once also when KV did not say that it was made', async () => {
    const token = await keptSession()
    here.kv.faults.add({
      match: { key: 'session:alice', times: 1 },
      action: { type: 'reset', when: 'after' },
    })
    await expect(here.lifecycle.revokeAll('alice', { except: null })).rejects.toThrow('did not answer')
    expect((await look(token)).said).toBe('revoked')
  })
})

describe('a session that is kept', () => {
  it('ends when it was idle, and at its absolute end', async () => {
    await here.stop()
    await start({}, { idle: '10m', absolute: '1h' })
    const idle = await keptSession()
    here.clock.now += 10 * MINUTE
    expect((await look(idle)).said).toBe('expired-idle')
    const busy = await keptSession()
    for (let minute = 0; minute < 59; minute += 1) {
      here.clock.now += MINUTE
      const { recognised } = await look(busy)
      if (recognised.outcome !== 'active') throw new Error('ended too early')
      await here.engine.touch(recognised)
    }
    expect((await look(busy)).said).toBe('active')
    here.clock.now += MINUTE
    expect((await look(busy)).said).toBe('expired-absolute')
  })

  it('shows the activity that this node recorded', async () => {
    const token = await keptSession()
    here.clock.now += 2 * MINUTE
    const { recognised } = await look(token)
    if (recognised.outcome === 'active') await here.engine.touch(recognised)
    expect((await look(token)).session?.lastSeenAt.getTime()).toBe(here.clock.now)
  })

  it('is a copy: what a request does to its data reaches no other', async () => {
    const token = await here.signIn('alice', { data: { roles: ['reader'] } })
    for (let request = 0; request < 4; request += 1) {
      const { session } = await look(token)
      expect(session?.data).toEqual({ roles: ['reader'] })
      for (const roles of Object.values(session?.data ?? {})) if (Array.isArray(roles)) roles.push('admin')
    }
  })

  it('is found by its own token only', async () => {
    const alice = await keptSession('alice')
    const bob = await keptSession('bob')
    expect((await look(alice)).session?.userId).toBe('alice')
    expect((await look(bob)).session?.userId).toBe('bob')
  })

  it('is read again after five minutes, should its end be missing from the feed', async () => {
    const token = await keptSession()
    await here.kv.command('DEL', 'session:alice')
    for (let passed = LAG; passed < 5 * MINUTE; passed += LAG) {
      here.clock.now += LAG
      expect((await look(token)).said).toBe('active')
    }
    here.clock.now += LAG
    expect((await look(token)).said).toBe('revoked')
  })
})

describe('the feed', () => {
  it('that was deleted takes everything kept with it', async () => {
    const token = await keptSession()
    await here.kv.command('DEL', 'session:alice', 'changes:session:')
    here.clock.now += LAG
    expect((await look(token)).said).toBe('revoked')
  })

  it('that was deleted and begun again by others does so too', async () => {
    const token = await keptSession()
    await here.kv.command('DEL', 'session:alice', 'changes:session:')
    await there.lifecycle.revokeAll('bob', { except: null })
    here.clock.now += LAG
    expect((await look(token)).said).toBe('revoked')
  })

  it('that was deleted and begun again in the same millisecond is another one', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: here.clock.now })
    try {
      const token = await keptSession()
      await here.kv.command('DEL', 'session:alice', 'changes:session:')
      await there.lifecycle.revokeAll('bob', { except: null })
      here.clock.now += LAG
      expect((await look(token)).said).toBe('revoked')
    } finally {
      vi.useRealTimers()
    }
  })

  it('always has an end of its own', async () => {
    await keptSession()
    await there.lifecycle.revokeAll('bob', { except: null })
    expect(Number(await here.kv.command('PTTL', 'changes:session:'))).toBeGreaterThan(10 * MINUTE)
  })

  it('is read again when the clock was set back', async () => {
    const token = await keptSession()
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now -= 1
    expect((await look(token)).said).toBe('revoked')
  })

  it('is read again when the machine slept and only one of its clocks noticed', async () => {
    const token = await keptSession()
    await there.lifecycle.revokeAll('alice', { except: null })
    const monotonic = performance.now()
    using spy = vi.spyOn(performance, 'now').mockImplementation(() => monotonic + LAG)
    expect((await look(token)).said).toBe('revoked')
    expect(spy).toHaveBeenCalled()
  })

  it('is not counted as read when its answer took longer than the lag', async () => {
    const token = await keptSession()
    here.clock.now += LAG
    const slow = here.kv.barrier({ key: 'changes:session:' }, 'after')
    const looking = look(token)
    await slow.held
    await here.kv.command('DEL', 'session:alice')
    here.clock.now += LAG
    slow.release()
    expect((await looking).said).toBe('revoked')
  })

  it('that told of a change keeps a look from being remembered whose answer was under way', async () => {
    const [bob, alice] = [await keptSession('bob'), await here.signIn('alice')]
    const answer = here.kv.barrier({ key: 'session:alice', nth: 1 }, 'after')
    const looking = look(alice)
    await answer.held
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now += LAG
    await look(bob)
    answer.release()
    expect((await looking).said).toBe('active')
    expect((await look(alice)).said).toBe('revoked')
  })

  it('is that of one store in memory: after a restart, nothing is taken for known', async () => {
    const changes = () => memoryStore().changes
    const cursor = (await changes()?.read(null))?.cursor ?? ''
    expect((await changes()?.read(cursor))?.userIds).toBeNull()
  })

  it('that can not be read leaves every look to KV, and is left alone for a second', async () => {
    const token = await keptSession()
    here.clock.now += LAG
    const mend = here.kv.faults.add({
      match: { key: 'changes:session:' },
      action: { type: 'status', status: 500 },
    })
    expect(await costOf(() => look(token))).toBe(2)
    expect(await costOf(() => look(token))).toBe(1)
    expect((await look(token)).said).toBe('active')
    expect(here.events.filter(({ type }) => type === 'unknown')).toMatchObject([
      { operation: 'changes', reason: 'reply ERR', kvCommands: 1 },
    ])
    mend()
    here.clock.now += SECOND
    expect(await costOf(() => look(token))).toBe(1)
    expect(await costOf(() => look(token))).toBe(0)
  })

  it('and the session are tried once each when KV is down', async () => {
    const token = await keptSession()
    here.clock.now += LAG
    here.kv.faults.add({ action: { type: 'status', status: 500 } })
    const { requests, result } = await here.commandsDuring(() => look(token))
    expect(result.said).toBe('unknown')
    expect(requests).toBeLessThanOrEqual(2)
  })
})

describe('through an outage of KV', () => {
  beforeEach(async () => {
    await here.stop()
    await start({ staleIfError: '10m' })
  })

  const outage = () => here.kv.faults.add({ action: { type: 'status', status: 503 } })
  const saidOf = async (token: string) => (await look(token)).said

  it('a known session works on for as long as it is allowed to, and no longer', async () => {
    const token = await keptSession()
    const mend = outage()
    here.clock.now += LAG
    expect((await look(token)).recognised).toMatchObject({ outcome: 'active', stale: true })
    here.clock.now += 10 * MINUTE - LAG
    expect((await look(token)).recognised).toMatchObject({ outcome: 'active', stale: true })
    here.clock.now += 1
    expect(await saidOf(token)).toBe('unknown')
    mend()
    here.clock.now += SECOND
    expect((await look(token)).recognised).toMatchObject({ outcome: 'active', stale: false })
  })

  it('never past its own end', async () => {
    const token = await keptSession()
    const other = await here.with({ idle: '2m' }).signIn('bob')
    await look(other)
    outage()
    here.clock.now += 2 * MINUTE
    expect([await saidOf(token), await saidOf(other)]).toEqual(['active', 'unknown'])
  })

  it('a session that nobody here has seen is unknown', async () => {
    await keptSession()
    const token = await there.signIn('bob')
    outage()
    expect(await saidOf(token)).toBe('unknown')
    here.clock.now += LAG
    expect(await saidOf(token)).toBe('unknown')
  })

  it('a fresh look is unknown', async () => {
    const token = await keptSession()
    outage()
    here.clock.now += LAG
    expect((await look(token, { fresh: true })).said).toBe('unknown')
    expect(await saidOf(token)).toBe('active')
  })

  it('the feed and a session are asked for once a second, and nobody waits for it in between', async () => {
    const token = await keptSession()
    outage()
    const looks = async () => {
      for (let n = 0; n < 10; n += 1) await look(token)
    }
    here.clock.now += LAG
    expect((await here.commandsDuring(looks)).requests).toBe(2)
    here.clock.now += SECOND
    expect((await here.commandsDuring(looks)).requests).toBe(2)
  })

  it('it is none while sessions can be read: where the feed alone fails, nothing revoked works on', async () => {
    const token = await keptSession()
    const other = await keptSession('bob')
    await there.lifecycle.revokeAll('alice', { except: null })
    here.kv.faults.add({ match: { key: 'changes:session:' }, action: { type: 'status', status: 503 } })
    here.clock.now += LAG
    expect(await saidOf(token)).toBe('revoked')
    expect((await look(other)).recognised).toMatchObject({ outcome: 'active', stale: false })
  })

  it('one request that is lost is none: what was revoked before is seen', async () => {
    const token = await keptSession()
    await there.lifecycle.revokeAll('alice', { except: null })
    here.kv.faults.add({ match: { times: 1 }, action: { type: 'reset', when: 'before' } })
    here.clock.now += 4 * MINUTE
    expect(await saidOf(token)).toBe('revoked')
  })

  it('a session that ought to be read again is asked for no more often', async () => {
    const token = await keptSession()
    outage()
    here.clock.now += 6 * MINUTE
    const { requests } = await here.commandsDuring(async () => {
      for (let n = 0; n < 10; n += 1) await look(token)
    })
    expect(requests).toBe(2)
    expect((await look(token)).recognised).toMatchObject({ outcome: 'active', stale: true })
  })

  it('neither activity nor a new token is tried', async () => {
    const token = await keptSession()
    outage()
    here.clock.now += 2 * MINUTE
    const { result, requests } = await here.commandsDuring(() => visit(here.proxy, '/', { token }))
    expect(result.seen?.get('x-user-id')).toBe('alice')
    // The feed and the session.
    expect(requests).toBe(2)
  })

  it('what was revoked meanwhile is seen as soon as KV is back', async () => {
    const token = await keptSession()
    const mend = outage()
    here.clock.now += MINUTE
    expect(await saidOf(token)).toBe('active')
    mend()
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now += SECOND
    expect(await saidOf(token)).toBe('revoked')
  })

  it('a change that the feed told before it failed is not forgotten', async () => {
    const token = await keptSession()
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now += LAG
    expect(await saidOf(token)).toBe('revoked')
    outage()
    here.clock.now += LAG
    expect(await saidOf(token)).toBe('unknown')
  })
})

describe('a snapshot in a cookie', () => {
  beforeEach(async () => {
    await here.stop()
    await start({ snapshot: '1m' })
  })

  interface Visitor {
    readonly token: string
    readonly copies: readonly string[]
  }
  const NAME = '__Host-session-snapshot'

  const cookieHeader = ({ token, copies }: Visitor) =>
    [`__Host-session=${token}`, ...copies.map((copy) => `${NAME}=${copy}`)].join('; ')

  /** What the visitor carries after a page view here. */
  async function after(visitor: Visitor): Promise<Visitor> {
    const { setCookies } = await visit(here.proxy, '/', { cookie: cookieHeader(visitor) })
    const copies = setCookies.flatMap((cookie) => new RegExp(`^${NAME}=([^;]+)`).exec(cookie)?.[1] ?? [])
    return copies.length === 0 ? visitor : { token: visitor.token, copies }
  }
  const carried = async (token: Promise<string>) => after({ token: await token, copies: [] })
  const commandsOf = async (node: TestInstance, { token, copies }: Visitor) => {
    const { result, commands } = await here.commandsDuring(() => look(token, { at: node, copies }))
    return [result.said, commands] as const
  }
  const saidTo = async ({ token, copies }: Visitor, at: TestInstance) =>
    (await look(token, { at, copies })).said
  /** Another node, which has read the feed already. */
  async function warmNode(): Promise<TestInstance> {
    const node = here.with({})
    const token = await here.signIn('somebody')
    await look(token, { at: node })
    return node
  }

  async function seen(token: string): Promise<string> {
    await look(token)
    await look(token)
    return token
  }
  const others: LocalKV[] = []
  afterEach(async () => void (await Promise.all(others.splice(0).map((kv) => kv.stop()))))
  async function anotherKV(): Promise<LocalKV> {
    const kv = await startLocalKV()
    others.push(kv)
    return kv
  }

  it('is handed out with a page view, once the session is in memory', async () => {
    const token = await keptSession()
    const visitor = await carried(Promise.resolve(token))
    expect(visitor.copies).toHaveLength(1)
    expect(visitor.copies[0]?.length).toBeLessThan(1_500)
    expect(await after(visitor)).toBe(visitor)
    const { setCookies } = await visit(here.proxy, '/', { token, method: 'POST' })
    expect(setCookies).toEqual([])
  })

  it('is a cookie of its own, gone when it is of no more use, on a response that no cache keeps', async () => {
    const token = await keptSession()
    here.clock.now += 2 * SECOND
    const { setCookies, response } = await visit(here.proxy, '/', { token })
    expect(setCookies).toEqual([
      expect.stringMatching(
        /^__Host-session-snapshot=[^;]+; Path=\/; Max-Age=5[78]; Secure; HttpOnly; SameSite=Lax$/,
      ),
    ])
    expect(response.headers.get('cache-control')).toContain('no-store')
  })

  it('is not shown to the page, whoever is there', async () => {
    const visitor = await carried(keptSession())
    const cookie = `a=1; ${cookieHeader(visitor)}; b=2`
    expect((await visit(here.proxy, '/', { cookie })).seen?.get('cookie')).toBe(
      `a=1; b=2; __Host-session=${visitor.token}`,
    )
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now += LAG
    const { seen, setCookies } = await visit(here.proxy, '/', { cookie })
    expect(seen?.get('cookie')).toBe('a=1; b=2')
    expect(setCookies).toEqual([
      expect.stringMatching(/^__Host-session=;.*Max-Age=0/),
      expect.stringMatching(/^__Host-session-snapshot=;.*Max-Age=0/),
    ])
  })

  it('is handed out anew when the one that is carried did not help', async () => {
    const visitor = await carried(keptSession())
    await there.lifecycle.update(await held(visitor.token), (record) => ({ ...record, data: { n: 2 } }))
    here.clock.now += LAG
    const next = await after(visitor)
    expect(next.copies).not.toEqual(visitor.copies)
    expect(await saidTo(next, here.with({}))).toBe('active')
  })

  it('never puts an ended token back: it is no token, and names none', async () => {
    const { token, copies } = await carried(keptSession())
    await there.lifecycle.reauthenticate(await held(token), { role: 'admin' })
    expect((await look(copies[0] ?? '', { copies })).said).toBe('malformed')
    expect((await look(token, { at: here.with({}), copies })).said).toBe('revoked')
  })

  it('of another session is of no use', async () => {
    const [alice, bob] = [await carried(keptSession('alice')), await carried(keptSession('bob'))]
    const node = await warmNode()
    expect(await commandsOf(node, { token: alice.token, copies: bob.copies })).toEqual(['active', 1])
  })

  it.each<[string, (copy: string) => readonly string[]]>([
    ['junk', () => ['junk']],
    ['nothing', () => ['']],
    ['a copy with a byte changed', (copy) => [copy.replace(/.\./, 'A.')]],
    ['two of them', (copy) => [copy, copy]],
  ])('that is %s costs a command and nothing else', async (_, made) => {
    const node = await warmNode()
    const { token, copies } = await carried(keptSession())
    expect(await commandsOf(node, { token, copies: made(copies[0] ?? '') })).toEqual(['active', 1])
  })

  it('in another format, or sealed with a secret that is no longer ours, costs a command and nothing else', async () => {
    const { token, copies } = await carried(keptSession())
    const [seal, other] = [createSeal([SECRET]), createSeal([OTHER_SECRET])]
    const unsealed = await seal.unseal('snapshot', copies[0] ?? '')
    const claims = unsealed.kind === 'opened' ? Object(unsealed.claims) : {}
    for (const [said, sealed] of [
      [1, await seal.seal('snapshot', { ...claims, f: 2 })],
      [1, await seal.seal('token', claims)],
      [1, await other.seal('snapshot', claims)],
      [0, await seal.seal('snapshot', claims)],
    ] as const) {
      const node = await warmNode()
      expect(await commandsOf(node, { token, copies: [sealed] })).toEqual(['active', said])
    }
  })

  it('saves a node that knows the feed every command', async () => {
    const node = await warmNode()
    const visitor = await carried(keptSession())
    expect(await commandsOf(node, visitor)).toEqual(['active', 0])
    here.clock.now += LAG
    expect(await commandsOf(node, visitor)).toEqual(['active', 1])
    expect(await commandsOf(node, visitor)).toEqual(['active', 0])
  })

  it('lets a node that has just begun do so where the snapshot stands', async () => {
    const visitor = await carried(keptSession())
    const node = here.with({})
    expect(await commandsOf(node, visitor)).toEqual(['active', 1])
    expect(await commandsOf(node, visitor)).toEqual(['active', 0])
  })

  it('lets a node begin only with what it read from there on', async () => {
    const token = await here.signIn('alice')
    const cold = here.with({})
    // Kept before the feed was begun.
    await look(token, { at: cold, fresh: true })
    await there.lifecycle.revokeAll('alice', { except: null })
    expect(await saidTo(await carried(keptSession('bob')), cold)).toBe('active')
    expect((await look(token, { at: cold })).said).toBe('revoked')
  })

  it('lets a node begin without a look that was under way', async () => {
    const [token, bob] = [await here.signIn('alice'), await keptSession('bob')]
    const cold = here.with({})
    const answer = here.kv.barrier({ key: 'session:alice', nth: 1 }, 'after')
    const looking = look(token, { at: cold, fresh: true })
    await answer.held
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now += LAG
    expect(await saidTo(await carried(Promise.resolve(bob)), cold)).toBe('active')
    answer.release()
    expect((await looking).said).toBe('active')
    expect((await look(token, { at: cold })).said).toBe('revoked')
  })

  it('is of no use once the session was revoked', async () => {
    const visitor = await carried(keptSession())
    await there.lifecycle.revokeAll('alice', { except: null })
    expect(await saidTo(visitor, here.with({}))).toBe('revoked')
    expect(await saidTo(visitor, await warmNode())).toBe('revoked')
  })

  it('is of no use within the lag of a node that has read of the revocation, and after it anywhere', async () => {
    const node = await warmNode()
    const visitor = await carried(keptSession())
    await there.lifecycle.revokeAll('alice', { except: null })
    expect(await saidTo(visitor, node)).toBe('active')
    here.clock.now += LAG
    expect(await saidTo(visitor, node)).toBe('revoked')
  })

  it('is not believed by a node that has read of a change to its session before', async () => {
    const node = await warmNode()
    const visitor = await carried(keptSession())
    await there.lifecycle.revokeAll('alice', { except: null })
    here.clock.now += LAG
    await look(await here.signIn('bob'), { at: node })
    expect(await saidTo(visitor, node)).toBe('revoked')
  })

  it('is not taken for the session where that was changed', async () => {
    const { token, copies } = await carried(keptSession())
    await there.lifecycle.update(await held(token), (record) => ({ ...record, data: { n: 2 } }))
    const { session } = await look(token, { at: here.with({}), copies })
    expect(session?.data).toEqual({ n: 2 })
  })

  it('shows nobody older data than they have stored', async () => {
    const node = await warmNode()
    const { token, copies } = await carried(keptSession())
    const { issued } = await there.lifecycle.update(await held(token), (record) => ({
      ...record,
      data: { n: 2 },
    }))
    const { session } = await look(issued?.token ?? '', { at: node, copies })
    expect(session?.data).toEqual({ n: 2 })
  })

  it('that is older than the feed is known to a node is not used', async () => {
    const visitor = await carried(keptSession())
    await there.lifecycle.revokeAll('bob', { except: null })
    expect(await commandsOf(await warmNode(), visitor)).toEqual(['active', 1])
  })

  it('is used for its time only, and not by a clock that is far behind', async () => {
    const node = await warmNode()
    const visitor = await carried(keptSession())
    here.clock.now += MINUTE
    expect(await commandsOf(node, visitor)).toEqual(['active', 2])
    const late = here.with({ now: () => here.clock.now - 3 * MINUTE })
    expect(await commandsOf(late, visitor)).toEqual(['active', 2])
  })

  it('is handed out while at least half of its time is left', async () => {
    const token = await keptSession()
    here.clock.now += MINUTE / 2
    await look(token)
    expect((await carried(Promise.resolve(token))).copies).toEqual([])
    await look(token, { fresh: true })
    expect((await carried(Promise.resolve(token))).copies).toHaveLength(1)
  })

  it.each<[string, () => Promise<TestInstance>]>([
    ['database', async () => here.with({ kv: restTransport(await anotherKV()) })],
    ['prefix', async () => here.with({ prefix: 'prod:' })],
  ])(
    'of another database or prefix is of no use, whoever is in it, though the secret is the same: %s',
    async (_, make) => {
      const elsewhere = await make()
      await look(await elsewhere.signIn('somebody'), { at: elsewhere })
      const visitor = await carried(here.signIn('admin', { role: 'admin' }).then(seen))
      expect(visitor.copies).toHaveLength(1)
      expect(await saidTo(visitor, elsewhere)).toBe('revoked')
      expect(await saidTo(visitor, here.with({}))).toBe('active')
    },
  )

  it('does not bring back what a node has seen that was proven to have ended', async () => {
    const { token, copies } = await carried(keptSession())
    await there.lifecycle.revokeAll('alice', { except: null })
    expect((await look(token, { fresh: true, copies })).said).toBe('revoked')
    expect((await look(token, { copies })).said).toBe('revoked')
    const node = await warmNode()
    expect((await look(token, { at: node })).said).toBe('revoked')
    expect((await look(token, { at: node, copies })).said).toBe('revoked')
  })

  it('does not take the place of what was looked up while the feed was read for it', async () => {
    const node = await warmNode()
    const { token, copies } = await carried(keptSession())
    here.clock.now += LAG
    const reading = here.kv.barrier({ key: 'changes:session:', nth: 1 }, 'after')
    const adopting = look(token, { at: node, copies })
    await reading.held
    await there.lifecycle.update(await held(token), (record) => ({ ...record, data: { n: 2 } }))
    await look(token, { at: node, fresh: true })
    reading.release()
    await adopting
    expect((await look(token, { at: node })).session?.data).toEqual({ n: 2 })
  })

  it('is of no use to a node that ends the session itself while it begins with the feed', async () => {
    const { token, copies } = await carried(keptSession())
    const cold = here.with({})
    const reading = here.kv.barrier({ key: 'changes:session:', nth: 1 }, 'after')
    const adopting = look(token, { at: cold, copies })
    await reading.held
    await cold.lifecycle.revokeAll('alice', { except: null })
    reading.release()
    expect((await adopting).said).toBe('revoked')
    expect((await look(token, { at: cold, copies })).said).toBe('revoked')
  })

  it('is not shown to the page without the session cookie either', async () => {
    const { copies } = await carried(keptSession())
    const { seen } = await visit(here.proxy, '/', { cookie: `a=1; ${NAME}=${copies[0]}` })
    expect(seen?.get('cookie')).toBe('a=1')
  })

  it('costs no cryptography where it will not fit', async () => {
    const token = await here.signIn('alice', { data: { text: 'x'.repeat(3_500) } })
    await look(token)
    await visit(here.proxy, '/', { token })
    const encrypt = vi.spyOn(crypto.subtle, 'encrypt')
    for (let n = 0; n < 5; n += 1) await visit(here.proxy, '/', { token })
    expect(encrypt.mock.calls.length).toBeLessThanOrEqual(1)
    encrypt.mockRestore()
  })

  it('is cleared with a cookie that the proxy refuses', async () => {
    await here.stop()
    await start({ snapshot: '1m' }, { protect: { routes: ['/dashboard'] } })
    const { setCookies, status } = await visit(here.proxy, '/dashboard', { token: 'garbage' })
    expect([status, setCookies]).toEqual([
      307,
      [
        expect.stringMatching(/^__Host-session=;.*Max-Age=0/),
        expect.stringMatching(/^__Host-session-snapshot=;.*Max-Age=0/),
      ],
    ])
  })

  it('is not handed out beside a new token', async () => {
    const token = await keptSession()
    const rotating = here.with({ rotateEvery: '1s' })
    await look(token, { at: rotating })
    here.clock.now += SECOND
    const { setCookies } = await visit(rotating.proxy, '/', { token })
    expect(setCookies).toEqual([expect.stringMatching(/^__Host-session=/)])
  })

  it('is left out where it does not fit into a cookie', async () => {
    const token = await here.signIn('alice', { data: { text: 'x'.repeat(3_000) } })
    await look(token)
    await look(token)
    expect((await carried(Promise.resolve(token))).copies).toEqual([])
  })

  it('gives every request a copy of its own', async () => {
    const signedIn = await here.signIn('alice', { data: { roles: ['reader'] } })
    await look(signedIn)
    await look(signedIn)
    const { token, copies } = await carried(Promise.resolve(signedIn))
    for (let n = 0; n < 3; n += 1) {
      const { session } = await look(token, { at: here.with({}), copies })
      expect(session?.data).toEqual({ roles: ['reader'] })
      for (const roles of Object.values(session?.data ?? {})) if (Array.isArray(roles)) roles.push('admin')
    }
  })
})

describe('options', () => {
  const wrong: [string, CacheOptions][] = [
    ['cache.revocationLag', { revocationLag: '6m' }],
    ['cache.revocationLag', { revocationLag: 0 }],
    ['cache.memory', { memory: 0 }],
    ['cache.memory', { memory: 1.5 }],
    ['cache.snapshot', { snapshot: '6m' }],
    ['cache.snapshot', { snapshot: '1s' }],
    ['cache.staleIfError', { staleIfError: '1s' }],
    ['cache.staleIfError', { staleIfError: '2d' }],
  ]
  it.each(wrong)('%s is checked: %j', (name, cache) => {
    expect(() => resolveOptions({ cache })).toThrow(`"${name}"`)
  })

  it('have defaults', () => {
    expect(resolveOptions({ cache: {} }).cache).toEqual({
      revocationLag: LAG,
      memory: 10_000,
      snapshot: 0,
      staleIfError: 0,
    })
    expect(resolveOptions({}).cache).toBeNull()
  })

  it('leave no prefix in the way of the feed', () => {
    const transport = restTransport(here.kv)
    expect(() => kvStore({ transport, prefix: 'changes:', changes: true })).toThrow('"prefix"')
    expect(() => kvStore({ transport, prefix: 'changes:' })).not.toThrow()
  })

  it('need a store that tells what changes', async () => {
    const { changes: _, ...silent } = memoryStore()
    const { engine } = here.with({})
    const { createKVEngine } = await import('../src/lib/kv-engine.ts')
    const make = () => createKVEngine({ secret: 'x'.repeat(32), store: silent, cache: {} }, kvStore)
    expect(make).toThrow(ConfigurationError)
    expect(engine.config.cache).not.toBeNull()
  })

  it('cost KV nothing when there is no cache: nothing is announced', async () => {
    const plain = here.with({ prefix: 'plain:' })
    const strict = kvStore({ transport: restTransport(here.kv), prefix: 'strict:' })
    await strict.revoke('alice', { except: null, now: 0 })
    await plain.lifecycle.revokeAll('alice', { except: null })
    expect(await here.kv.command('EXISTS', 'changes:strict:')).toBe(0)
    expect(await here.kv.command('EXISTS', 'changes:plain:')).toBe(1)
  })
})

describe('behind the proxy', () => {
  it('a page view costs nothing, and its response is as without a cache', async () => {
    const token = await keptSession()
    const { result, commands } = await here.commandsDuring(() => visit(here.proxy, '/', { token }))
    expect(commands).toBe(0)
    expect(result.seen?.get('x-user-id')).toBe('alice')
    expect(result.setCookies).toEqual([])
  })
})
