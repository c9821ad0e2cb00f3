import { startLocalKV } from 'local-kv'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { SessionLimitError, SessionNotFoundError, SessionTooLargeError } from '../src/lib/errors.ts'
import type { KVTransport } from '../src/lib/kv-transport.ts'
import type { SessionRecord } from '../src/lib/record.ts'
import type { OpenToken } from '../src/lib/token.ts'
import { directTransport } from './prove/support/direct-transport.ts'
import { OTHER_SECRET, SECRET, startInstance, type TestInstance } from './support/instance.ts'
import { visit } from './support/visit.ts'

const MINUTE = 60_000
let app: TestInstance & { stop(): Promise<void> }
beforeAll(async () => {
  app = await startInstance({ rotateEvery: '10m', rotationGrace: '30s', idle: '7d', absolute: '30d' })
})
beforeEach(async () => {
  await app.kv.flush()
  app.events.length = 0
})
afterAll(() => app.stop())

async function open(token: string, instance: TestInstance = app): Promise<OpenToken> {
  const opened = await instance.engine.parts().tokens.open([token])
  if (typeof opened === 'string') throw new Error(opened)
  return opened
}

async function lookup(token: string, instance: TestInstance = app) {
  const recognised = await instance.engine.recognise([token])
  return recognised.outcome === 'none' ? recognised.reason : recognised.outcome
}

async function held(token: string, instance: TestInstance = app) {
  const recognised = await instance.engine.recognise([token])
  if (recognised.outcome !== 'active') throw new Error(recognised.outcome)
  return recognised
}

async function recordOf(token: string) {
  return (await held(token)).record
}

function tokenIn(setCookies: readonly string[]): string {
  return /^__Host-session=([^;]+)/.exec(setCookies[0] ?? '')?.[1] ?? ''
}

describe('lifetimes', () => {
  it('end an unused session after the idle time, exactly', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 7 * 86_400_000 - 1
    expect(await lookup(token)).toBe('active')
    app.clock.now += 1
    expect(await lookup(token)).toBe('expired-idle')
  })

  it('end a used session at the absolute end, and ask KV nothing afterwards', async () => {
    const token = await app.signIn('alice')
    for (let day = 0; day < 29; day += 1) {
      app.clock.now += 86_400_000
      await app.engine.parts().recognition.touch(await recordOf(token))
    }
    app.clock.now += 86_400_000 - 1
    expect(await lookup(token)).toBe('active')
    app.clock.now += 1
    const { result, commands } = await app.commandsDuring(() => lookup(token))
    expect([result, commands]).toEqual(['expired-absolute', 0])
  })

  it('of a session shorter than the touch interval still follow its activity', async () => {
    const token = await app.signIn('alice', { idle: 30_000 })
    for (let n = 0; n < 6; n += 1) {
      app.clock.now += 10_000
      await visit(app.proxy, '/', { token })
    }
    expect(await lookup(token)).toBe('active')
    app.clock.now += 30_000
    expect(await lookup(token)).toBe('expired-idle')
  })

  it.each(['absolute', 'idle'] as const)(
    'of less than a second, %s, end the key with the session and never leave one without an end (better-auth #10992)',
    async (lifetime) => {
      // The engine in this process, as its time stands still with that of the process.
      const kv = await startLocalKV()
      onTestFinished(() => kv.stop())
      vi.useFakeTimers({ toFake: ['Date'], now: app.clock.now })
      onTestFinished(() => void vi.useRealTimers())
      const pass = (ms: number) => {
        app.clock.now += ms
        vi.setSystemTime(app.clock.now)
      }
      for (const left of [1, 2, 9, 10, 99, 100, 499, 500, 501, 998, 999]) {
        const userId = `user-${left}`
        const node = app.with({ kv: directTransport(kv), [lifetime]: left, touchInterval: 1 })
        const ttl = () => kv.command('PTTL', `session:${userId}`)
        const token = await node.signIn(userId)
        expect(await ttl()).toBe(left)

        pass(left >> 1)
        const session = await held(token, node)
        const rest = { absolute: left - (left >> 1), idle: left }[lifetime]
        await node.engine.touch(session)
        expect(await ttl()).toBe(rest)
        const rotated = await node.lifecycle.rotate(session)
        expect(await ttl()).toBe(rest)
        const proven = await node.lifecycle.reauthenticate(await held(rotated?.token ?? '', node), {
          role: null,
        })
        expect(await ttl()).toBe(left)

        pass(left - 1)
        expect(await ttl()).toBe(1)
        expect(await lookup(proven.token, node)).toBe('active')
        pass(1)
        expect(await ttl()).toBe(-2)
        expect(await lookup(proven.token, node)).not.toBe('active')
      }
    },
  )

  it('do not move back when the clock does', async () => {
    const token = await app.signIn('alice')
    const { lastSeenAt } = await recordOf(token)
    app.clock.now -= 120_000
    expect(app.engine.parts().recognition.touch(await recordOf(token))).toBeNull()
    expect((await recordOf(token)).lastSeenAt).toBe(lastSeenAt)
    app.clock.now += 120_000
  })
})

describe('signing in', () => {
  it('over a session of the same user ends the old one within the same command', async () => {
    const old = await app.signIn('alice', { data: { cart: 1 } })
    const previous = await open(old)
    const record = await recordOf(old)
    const { result, commands } = await app.commandsDuring(() =>
      app.lifecycle.create({ ...record, data: {} }, { remember: true, previous }),
    )
    expect(commands).toBe(1)
    expect(await lookup(old)).toBe('revoked')
    expect(await recordOf(result.token)).toMatchObject({ data: {} })
  })

  it("over another user's session ends that one too", async () => {
    const old = await app.signIn('alice')
    const record = { ...(await recordOf(old)), userId: 'bob' }
    await app.lifecycle.create(record, { remember: true, previous: await open(old) })
    expect(await lookup(old)).toBe('revoked')
  })

  it('50 times at once leaves no more than the limit, and no key without an end', async () => {
    const limited = app.with({ maxSessions: 3 })
    const tokens = await Promise.all(Array.from({ length: 50 }, () => limited.signIn('alice')))
    expect(await limited.lifecycle.list('alice')).toHaveLength(3)
    const outcomes = await Promise.all(tokens.map((token) => lookup(token)))
    expect(outcomes.filter((outcome) => outcome === 'active')).toHaveLength(3)
    expect(Number(await app.kv.command('PTTL', 'session:alice'))).toBeGreaterThan(0)
  })

  it('beyond the limit is refused where that is the policy', async () => {
    const limited = app.with({ maxSessions: 1, whenFull: 'refuse' })
    const first = await limited.signIn('alice')
    await expect(limited.signIn('alice')).rejects.toThrow(SessionLimitError)
    expect(await lookup(first)).toBe('active')
  })
})

describe('updating', () => {
  it('loses none of 100 concurrent changes', async () => {
    const token = await app.signIn('alice')
    const session = await held(token)
    // Without HTTP, as all but one of those under way meet a conflict each time.
    const direct = directTransport(app.kv)
    let tries = 0
    const kv: KVTransport = (commands, options) => {
      tries += 1
      return direct(commands, options)
    }
    const { lifecycle } = app.with({ kv })
    const fields = Array.from({ length: 100 }, (_, n) => [`f${n}`, n] as const)
    const versions = await Promise.all(
      fields.map(async ([name, value]) => {
        const change = (current: SessionRecord) => ({ ...current, data: { ...current.data, [name]: value } })
        return (await lifecycle.update(session, change)).record.version
      }),
    )
    expect((await recordOf(token)).data).toEqual(Object.fromEntries(fields))
    expect(versions.sort((a, b) => a - b)).toEqual(fields.map((_, n) => session.record.version + 1 + n))
    expect(tries).toBeGreaterThan(fields.length)
  })

  it('does not revive a session that ended meanwhile', async () => {
    const token = await app.signIn('alice')
    const session = await held(token)
    const { record } = session
    await app.lifecycle.destroy(await open(token))
    await expect(app.lifecycle.update(session, (current) => current)).rejects.toThrow(SessionNotFoundError)
    app.clock.now += 2 * MINUTE
    await app.engine.parts().recognition.touch(record)
    expect(await lookup(token)).toBe('revoked')
    expect(await app.kv.command('EXISTS', 'session:alice')).toBe(0)
  })
})

describe('a request under way while a parallel one rotates its session', () => {
  it('still updates it', async () => {
    const token = await app.signIn('alice')
    const session = await held(token)
    const issued = await app.lifecycle.rotate(session)
    const { record } = await app.lifecycle.update(session, (current) => ({ ...current, data: { late: 1 } }))
    expect([record.id, record.data]).toEqual([issued?.record.id, { late: 1 }])
    expect((await recordOf(issued?.token ?? '')).data).toEqual({ late: 1 })
  })

  it('still re-authenticates it, and leaves no other id alive', async () => {
    const token = await app.signIn('alice')
    const session = await held(token)
    const rotated = await app.lifecycle.rotate(session)
    const { token: proven } = await app.lifecycle.reauthenticate(session, { role: 'admin' })
    expect(await Promise.all([token, rotated?.token ?? '', proven].map((value) => lookup(value)))).toEqual([
      'revoked',
      'revoked',
      'active',
    ])
  })

  it('finds nothing to change once the grace is over', async () => {
    const session = await held(await app.signIn('alice'))
    const issued = await app.lifecycle.rotate(session)
    app.clock.now += app.engine.config.rotationGrace
    await expect(app.lifecycle.update(session, (current) => current)).rejects.toThrow(SessionNotFoundError)
    await expect(app.lifecycle.reauthenticate(session, { role: null })).rejects.toThrow(SessionNotFoundError)
    expect(await lookup(issued?.token ?? '')).toBe('active')
  })
})

describe('rotation', () => {
  it('gives 50 parallel requests one successor, and serves every one of them', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    const visits = await Promise.all(Array.from({ length: 50 }, () => visit(app.proxy, '/public', { token })))
    expect(visits.every(({ seen }) => seen?.get('x-user-id') === 'alice')).toBe(true)
    const ids = await Promise.all(visits.map(async ({ setCookies }) => (await open(tokenIn(setCookies))).id))
    expect(new Set(ids).size).toBe(1)
    expect(await lookup(tokenIn(visits[0]?.setCookies ?? []))).toBe('active')
    expect(await app.lifecycle.list('alice')).toHaveLength(1)
  })

  it('hands the page the new token, with the identity bound to it', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    const { seen, setCookies } = await visit(app.proxy, '/public', { token })
    expect(seen?.get('cookie')).toBe(`__Host-session=${tokenIn(setCookies)}`)
    const successor = await open(tokenIn(setCookies))
    expect(
      await app.engine.parts().identities.open(seen?.get('x-edge-session') ?? '', successor),
    ).toMatchObject({
      outcome: 'active',
      record: { id: successor.id },
    })
  })

  it('heals within the grace when the answer with the new token was lost', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    const lost = await visit(app.proxy, '/public', { token })
    app.clock.now += 29_000
    const { seen, setCookies } = await visit(app.proxy, '/public', { token })
    expect(seen?.get('x-user-id')).toBe('alice')
    expect((await open(tokenIn(setCookies))).id).toBe((await open(tokenIn(lost.setCookies))).id)
  })

  it('ends the family when a replaced token comes back after the grace', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    const successor = tokenIn((await visit(app.proxy, '/public', { token })).setCookies)
    app.clock.now += 30_000
    expect(await lookup(token)).toBe('rotated-reuse')
    expect(await lookup(successor)).toBe('revoked')
    expect(app.events.map(({ type }) => type)).toContain('rotation-reuse')
  })

  it('is followed past a replica that does not answer', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    await visit(app.proxy, '/public', { token })
    for (const nth of [1, 2]) {
      const remove = app.kv.faults.add({
        match: { command: 'HMGET', nth },
        action: { type: 'reset', when: 'before' },
      })
      const { result, commands } = await app.commandsDuring(() => lookup(token))
      remove()
      expect([result, commands]).toEqual(['active', 3])
    }
  })

  it('follows several rotations within the grace', async () => {
    const quick = app.with({ rotateEvery: '1s' })
    const first = await quick.signIn('alice')
    let token = first
    for (let n = 0; n < 4; n += 1) {
      quick.clock.now += 1_000
      token = tokenIn((await visit(quick.proxy, '/public', { token })).setCookies)
    }
    const { seen, setCookies } = await visit(quick.proxy, '/public', { token: first })
    expect(seen?.get('x-user-id')).toBe('alice')
    expect((await open(tokenIn(setCookies))).id).toBe((await open(token)).id)
  })

  it('agrees on the successor while secrets change', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    const next = app.with({ secret: [OTHER_SECRET, SECRET] })
    const [a, b] = await Promise.all([
      visit(app.proxy, '/public', { token }),
      visit(next.proxy, '/public', { token }),
    ])
    const ids = await Promise.all(
      [a, b].map(async ({ setCookies }) => (await open(tokenIn(setCookies), next)).id),
    )
    expect(ids[0]).toBe(ids[1])
  })

  it('only happens on reads', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    const { setCookies } = await visit(app.proxy, '/public', { token, method: 'POST' })
    expect(setCookies).toEqual([])
  })

  it('lets a browser with the replaced token sign out for good', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    const successor = tokenIn((await visit(app.proxy, '/public', { token })).setCookies)
    expect(await app.lifecycle.destroy(await open(token))).toBe(true)
    expect(await lookup(successor)).toBe('revoked')
  })

  it.each(['before', 'after'] as const)(
    'asks again when the connection is reset %s it, so that nobody is taken for a thief when the grace is over',
    async (when) => {
      const token = await app.signIn('alice')
      app.clock.now += 11 * MINUTE
      const remove = app.kv.faults.add({
        match: { command: 'EVAL', nth: 1 },
        action: { type: 'reset', when },
      })
      const { setCookies } = await visit(app.proxy, '/public', { token })
      remove()
      const next = tokenIn(setCookies)
      app.clock.now += 31_000
      expect((await visit(app.proxy, '/public', { token: next })).seen?.get('x-user-id')).toBe('alice')
      expect(await app.lifecycle.list('alice')).toHaveLength(1)
    },
  )

  it('keeps the session when KV fails in the middle of it', async () => {
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    const remove = app.kv.faults.add({ match: { command: 'EVAL' }, action: { type: 'reset', when: 'after' } })
    const during = await visit(app.proxy, '/public', { token })
    remove()
    expect(during.seen?.get('x-user-id')).toBe('alice')
    const after = await visit(app.proxy, '/public', { token })
    expect(after.seen?.get('x-user-id')).toBe('alice')
    expect(tokenIn(after.setCookies)).not.toBe('')
  })
})

describe('a token that was replaced long since', () => {
  /** Signs in, and rotates as somebody does for days who has got hold of the cookie. */
  async function stolen(): Promise<readonly string[]> {
    const tokens = [await app.signIn('alice')]
    for (let n = 0; n < 20; n += 1) {
      app.clock.now += 11 * MINUTE
      const { setCookies } = await visit(app.proxy, '/public', { token: tokens.at(-1) ?? '' })
      tokens.push(tokenIn(setCookies))
    }
    app.clock.now += MINUTE
    app.events.length = 0
    return tokens
  }

  it.each([0, 1, 7, 12, 13, 19])('ends the session when it comes back: number %i of 21', async (n) => {
    const tokens = await stolen()
    expect(await lookup(tokens[n] ?? '')).toBe('rotated-reuse')
    expect(app.events.map(({ type }) => type)).toEqual(['rotation-reuse', 'none'])
    expect(await lookup(tokens.at(-1) ?? '')).toBe('revoked')
  })

  it.each([0, 7, 19])('still signs out, number %i', async (n) => {
    const tokens = await stolen()
    expect(await app.lifecycle.destroy(await open(tokens[n] ?? ''))).toBe(true)
    expect(await lookup(tokens.at(-1) ?? '')).toBe('revoked')
  })

  it.each(['alice', 'bob'])('and was there when %s signs in takes its session along', async (userId) => {
    const tokens = await stolen()
    const fields = { ...(await recordOf(tokens.at(-1) ?? '')), userId }
    await app.lifecycle.create(fields, { remember: true, previous: await open(tokens[7] ?? '') })
    expect(await lookup(tokens.at(-1) ?? '')).toBe('revoked')
  })

  it('is no alarm once its session has ended', async () => {
    const token = await app.signIn('alice')
    await app.signIn('alice')
    const { token: held1, record } = await held(token)
    const next = await app.lifecycle.rotate({ token: held1, record })
    await app.lifecycle.destroy(await open(next?.token ?? ''))
    app.clock.now += 30_000
    app.events.length = 0
    expect(await lookup(token)).toBe('revoked')
    expect(app.events.map(({ type }) => type)).toEqual(['none'])
    expect(await app.lifecycle.list('alice')).toHaveLength(1)
  })

  it('ends nothing while it is younger than the grace', async () => {
    const tokens = [await app.signIn('alice')]
    for (let n = 0; n < 12; n += 1) {
      const { token, record } = await held(tokens.at(-1) ?? '')
      tokens.push((await app.lifecycle.rotate({ token, record }))?.token ?? '')
    }
    app.clock.now += 29_999
    expect(await lookup(tokens[2] ?? '')).toBe('revoked')
    expect(await lookup(tokens.at(-1) ?? '')).toBe('active')
    app.clock.now += 1
    expect(await lookup(tokens[2] ?? '')).toBe('rotated-reuse')
    expect(await lookup(tokens.at(-1) ?? '')).toBe('revoked')
  })

  it('ends nothing once the user has proven again who they are', async () => {
    const tokens = await stolen()
    const { token } = await app.lifecycle.reauthenticate(await held(tokens.at(-1) ?? ''), { role: null })
    for (const old of tokens) expect(await lookup(old)).toMatch(/^(revoked|rotated-reuse)$/)
    expect(await lookup(token)).toBe('active')
  })
})

describe('re-authentication', () => {
  it('kills the old id at once, keeps the data, and starts both lifetimes over', async () => {
    const token = await app.signIn('alice', { data: { theme: 'dark' } })
    app.clock.now += 86_400_000
    const session = await held(token)
    const { record } = session
    const issued = await app.lifecycle.reauthenticate(session, { role: 'admin' })
    expect(await lookup(token)).toBe('revoked')
    expect(await recordOf(issued.token)).toMatchObject({
      role: 'admin',
      data: { theme: 'dark' },
      createdAt: record.createdAt,
      authenticatedAt: app.clock.now,
      absoluteEnd: app.clock.now + app.engine.config.absolute,
    })
  })

  it.each(['before', 'after'] as const)('survives a connection reset %s it', async (when) => {
    const session = await held(await app.signIn('alice'))
    const remove = app.kv.faults.add({ match: { nth: 1 }, action: { type: 'reset', when } })
    const { token } = await app.lifecycle.reauthenticate(session, { role: 'admin' })
    remove()
    expect(await recordOf(token)).toMatchObject({ role: 'admin', version: 2 })
    expect(await app.lifecycle.list('alice')).toHaveLength(1)
  })

  it('changes nothing when the role makes the record too large', async () => {
    const session = await held(await app.signIn('alice', { data: { text: 'x'.repeat(3_900) } }))
    const { token, record } = session
    await expect(app.lifecycle.reauthenticate(session, { role: 'r'.repeat(256) })).rejects.toThrow(
      SessionTooLargeError,
    )
    expect(await recordOf(token.token)).toEqual(record)
  })

  it('does not lose an update made meanwhile', async () => {
    const token = await app.signIn('alice')
    const session = await held(token)
    await app.lifecycle.update(session, (current) => ({ ...current, data: { late: true } }))
    const issued = await app.lifecycle.reauthenticate(session, { role: null })
    expect((await recordOf(issued.token)).data).toEqual({ late: true })
  })
})

describe('revoking', () => {
  it('everything, others, and one by its public id', async () => {
    const tokens = await Promise.all(['a', 'b', 'c', 'd'].map(() => app.signIn('alice')))
    const { lifecycle } = app
    const [first = '', second = ''] = tokens
    expect(await lifecycle.revoke({ userId: 'alice', id: (await open(second)).id })).toBe(true)
    expect(await lifecycle.revoke({ userId: 'bob', id: (await open(first)).id })).toBe(false)
    expect(await lifecycle.revokeAll('alice', { except: (await open(first)).id })).toBe(2)
    expect(await Promise.all(tokens.map((token) => lookup(token)))).toEqual([
      'active',
      'revoked',
      'revoked',
      'revoked',
    ])
    expect(await lifecycle.revokeAll('alice', { except: null })).toBe(1)
    expect(await lookup(first)).toBe('revoked')
    expect(await app.kv.command('EXISTS', 'session:alice')).toBe(0)
  })
})

describe('events', () => {
  it('never carry a token, a secret or session data', async () => {
    const token = await app.signIn('alice', { data: { canary: 'canary-data' } })
    app.clock.now += 11 * MINUTE
    const successor = tokenIn((await visit(app.proxy, '/public', { token })).setCookies)
    app.clock.now += MINUTE
    await lookup(token)
    const text = JSON.stringify(app.events)
    for (const secret of [token, successor, SECRET, 'canary-data', 'local-kv-token'])
      expect(text).not.toContain(secret)
    expect(app.events.map(({ type }) => type)).toEqual(['sign-in', 'rotation', 'rotation-reuse', 'none'])
  })
})

describe('a session that was over when its request came to change it', () => {
  it('is not brought back, though another of the user keeps their key', async () => {
    const token = await app.signIn('alice', { idle: 5 * MINUTE })
    await app.signIn('alice')
    const before = await held(token)
    app.clock.now += 5 * MINUTE
    await expect(app.lifecycle.reauthenticate(before, { role: null })).rejects.toBeInstanceOf(
      SessionNotFoundError,
    )
    const changing = app.lifecycle.update(before, (record) => ({ ...record, data: { a: 1 } }))
    await expect(changing).rejects.toBeInstanceOf(SessionNotFoundError)
    await expect(app.lifecycle.revokeAll('alice', { except: before.record.id })).rejects.toBeInstanceOf(
      SessionNotFoundError,
    )
    expect(await app.lifecycle.list('alice')).toHaveLength(1)
  })

  it('is changed where another request has used it meanwhile', async () => {
    const token = await app.signIn('alice', { idle: 5 * MINUTE })
    const before = await held(token)
    app.clock.now += 4 * MINUTE
    await app.engine.parts().recognition.touch(await recordOf(token))
    app.clock.now += 2 * MINUTE
    const { record } = await app.lifecycle.update(before, (current) => ({ ...current, data: { a: 1 } }))
    expect(record.data).toEqual({ a: 1 })
    expect((await app.lifecycle.reauthenticate({ ...before, record }, { role: null })).record.data).toEqual({
      a: 1,
    })
  })
})

describe('clocks', () => {
  it.each([-60_000, 60_000, -120_000, 120_000])(
    'of two nodes that differ by %i ms end no session, and let none live longer than by that',
    async (skew) => {
      const never = { rotateEvery: '60d' } as const
      const nodes = [app.with(never), app.with({ ...never, now: () => app.clock.now + skew })]
      const tokens = await Promise.all(nodes.map((node) => node.signIn('alice')))
      const seen = () =>
        Promise.all(
          tokens.flatMap((token) =>
            nodes.map(
              async ({ proxy }) => (await visit(proxy, '/', { token })).seen?.get('x-user-id') ?? null,
            ),
          ),
        )
      for (let day = 0; day < 30; day += 1) {
        expect(await seen()).toEqual(['alice', 'alice', 'alice', 'alice'])
        for (const { lifecycle } of nodes) expect(await lifecycle.list('alice')).toHaveLength(2)
        app.clock.now += 86_400_000 - Math.abs(skew) / 10
      }
      // 30 days by the later of the two clocks.
      app.clock.now += 4 * Math.abs(skew)
      expect(await seen()).toEqual([null, null, null, null])
    },
  )

  it.each([-20_000, 20_000])(
    'of two nodes that differ by %i ms, less than the grace, agree on a rotation',
    async (skew) => {
      const other = app.with({ now: () => app.clock.now + skew })
      const token = await app.signIn('alice')
      app.clock.now += 11 * MINUTE
      const next = tokenIn((await visit(app.proxy, '/public', { token })).setCookies)
      for (const held of [token, next])
        for (const node of [app, other])
          expect((await visit(node.proxy, '/public', { token: held })).seen?.get('x-user-id')).toBe('alice')
      expect(await app.lifecycle.list('alice')).toHaveLength(1)
    },
  )

  it('beyond 2038 are as good as any', async () => {
    app.clock.now = Date.UTC(2038, 0, 20)
    const token = await app.signIn('alice')
    app.clock.now += 11 * MINUTE
    const next = tokenIn((await visit(app.proxy, '/public', { token })).setCookies)
    app.clock.now += 29 * 86_400_000
    expect(await lookup(next)).toBe('expired-idle')
  })
})
