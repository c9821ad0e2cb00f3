import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { SessionEvent } from '../src/lib/events.ts'
import type { StatelessOptions } from '../src/lib/options.ts'
import type { JsonObject, SessionRecord } from '../src/lib/record.ts'
import { createSeal } from '../src/lib/seal.ts'
import { createStatelessEngine } from '../src/lib/stateless-engine.ts'
import { OTHER_SECRET, SECRET } from './support/secrets.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

function start(options: Partial<StatelessOptions> = {}) {
  const clock = { now: 1_800_000_000_000 }
  const events: SessionEvent[] = []
  const engine = createStatelessEngine<JsonObject>({
    mode: 'stateless',
    secret: SECRET,
    idle: '1h',
    absolute: '8h',
    now: () => clock.now,
    onEvent: (event) => events.push(event),
    ...options,
  })
  const writer = engine.writer()
  const fieldsOf = (given: Partial<SessionRecord> = {}) => ({
    userId: 'alice',
    role: 'member',
    data: {},
    userAgent: 'UA',
    ip: null,
    version: 1,
    createdAt: clock.now,
    authenticatedAt: clock.now,
    lastSeenAt: clock.now,
    absoluteEnd: clock.now + engine.config.absolute,
    idle: engine.config.idle,
    ...given,
  })
  async function signIn(given: Partial<SessionRecord> = {}, { remember = true } = {}) {
    const issued = await writer.create(fieldsOf(given), { remember, previous: null })
    events.length = 0
    return { ...issued, held: await activeOf(issued.token) }
  }
  async function activeOf(token: string) {
    const recognised = await engine.recognise([token])
    if (recognised.outcome !== 'active') throw new Error(recognised.outcome)
    return recognised
  }
  return { clock, events, engine, writer, fieldsOf, signIn, activeOf }
}

describe('a session in a cookie', () => {
  it('gives every request a copy of its own', async () => {
    const { signIn, activeOf } = start()
    const { token } = await signIn({ data: { roles: ['reader'] } })
    for (let n = 0; n < 3; n += 1) {
      const { session } = await activeOf(token)
      expect(session.data).toEqual({ roles: ['reader'] })
      if (Array.isArray(session.data.roles)) session.data.roles.push('admin')
    }
  })

  it('is what was put into it', async () => {
    const { engine, writer, fieldsOf, events, clock } = start()
    const { token, record, remember } = await writer.create(fieldsOf({ data: { a: 1 } }), {
      remember: false,
      previous: null,
    })
    expect(remember).toBe(false)
    expect(record).toEqual({ ...fieldsOf({ data: { a: 1 } }), id: expect.stringMatching(/^[\w-]{43}$/) })
    expect(events).toEqual([{ type: 'sign-in', userId: 'alice', id: record.id, evicted: 0, at: clock.now }])
    expect(await engine.recognise([token])).toMatchObject({
      outcome: 'active',
      record,
      reissue: null,
      session: { id: record.id, userId: 'alice', data: { a: 1 } },
      token: {
        token,
        id: record.id,
        current: true,
        claims: {
          sid: '',
          userId: 'alice',
          issuedAt: clock.now,
          absoluteEnd: record.absoluteEnd,
          remember: false,
        },
      },
    })
    expect(await engine.open([token])).toMatchObject({ token, id: record.id })
  })

  it('has an id that no other has', async () => {
    const { signIn } = start()
    expect((await signIn()).record.id).not.toBe((await signIn()).record.id)
  })

  it('is none, and says why', async () => {
    const { engine, clock, events, signIn } = start()
    const foreign = await start({ secret: OTHER_SECRET }).signIn()
    const { token } = await signIn()
    const of = async (...presented: string[]) => {
      const recognised = await engine.recognise(presented)
      return recognised.outcome === 'none' ? recognised.reason : recognised.outcome
    }
    expect(await of()).toBe('no-cookie')
    expect(events).toEqual([])
    expect(await of('junk')).toBe('malformed')
    expect(await of(foreign.token)).toBe('unknown-key')
    expect(await of(token, (await signIn()).token)).toBe('ambiguous')
    events.length = 0
    clock.now += HOUR - 1
    expect(await of(token)).toBe('active')
    expect(events).toEqual([])
    clock.now += 1
    expect(await of(token)).toBe('expired-idle')
    clock.now += 7 * HOUR
    expect(await of(token)).toBe('expired-absolute')
    expect(events).toEqual([
      { type: 'none', reason: 'expired-idle', kvCommands: 0, at: clock.now - 7 * HOUR },
      { type: 'none', reason: 'expired-absolute', kvCommands: 0, at: clock.now },
    ])
  })

  it('is opened by its own secret and for its own purpose only', async () => {
    const { engine, signIn } = start()
    const { token, record } = await signIn()
    expect(await start({ secret: OTHER_SECRET }).engine.recognise([token])).toMatchObject({
      reason: 'unknown-key',
    })
    const seal = createSeal([SECRET])
    for (const purpose of ['token', 'identity', 'snapshot'] as const) {
      const sealed = await seal.seal(purpose, { r: record, m: 1 })
      expect(await engine.recognise([sealed])).toMatchObject({ reason: 'malformed' })
    }
  })

  it('is none for data that the schema refuses', async () => {
    const { token } = await start().signIn({ data: { plan: 1 } })
    const { engine, events, clock } = start({ schema: z.object({ plan: z.string() }) as never })
    expect(await engine.recognise([token])).toEqual({ outcome: 'none', reason: 'corrupt' })
    expect(events).toEqual([{ type: 'none', reason: 'corrupt', kvCommands: 0, at: clock.now }])
  })

  it('fits into 4,096 bytes with the name of its cookie, or is refused', async () => {
    const { signIn } = start()
    const lengthWith = async (text: string) => (await signIn({ data: { text } })).token.length
    const per = '__Host-session'.length
    let fits = ''
    while ((await lengthWith(`${fits}${'x'.repeat(30)}`).catch(() => 9_999)) + per <= 4_096)
      fits += 'x'.repeat(30)
    let exact = fits
    for (let more = 1; more <= 30; more += 1) {
      const length = await lengthWith(fits + 'x'.repeat(more)).catch(() => 9_999)
      if (length + per <= 4_096) exact = fits + 'x'.repeat(more)
    }
    const most = (await lengthWith(exact)) + per
    expect(most).toBeGreaterThan(4_090)
    expect(most).toBeLessThanOrEqual(4_096)
    await expect(signIn({ data: { text: `${exact}xx` } })).rejects.toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
      limit: 4_096,
    })
  })
})

describe('a change to a session in a cookie', () => {
  it('of data is a new version in a new cookie', async () => {
    const { signIn, writer, activeOf, events, clock } = start()
    const { held } = await signIn({ data: { a: 1 } }, { remember: false })
    const { record, issued } = await writer.update(held, (current) => ({ ...current, data: { a: 2 } }))
    expect(record).toEqual({ ...held.record, version: 2, data: { a: 2 } })
    expect(issued).toMatchObject({ record, remember: false })
    expect((await activeOf(issued?.token ?? '')).record).toEqual(record)
    expect(events).toEqual([{ type: 'update', userId: 'alice', id: record.id, at: clock.now }])
  })

  it('by rotation records activity', async () => {
    const { signIn, writer, clock } = start()
    const { held } = await signIn({}, { remember: false })
    clock.now += MINUTE
    const issued = await writer.rotate(held)
    expect(issued).toMatchObject({ remember: false, record: { ...held.record, lastSeenAt: clock.now } })
    expect(issued?.token).not.toBe(held.token.token)
  })

  it('by re-authentication starts it over under a new id', async () => {
    const { signIn, writer, activeOf, events, clock } = start()
    const { held } = await signIn({}, { remember: false })
    clock.now += HOUR / 2
    const { record, token, remember } = await writer.reauthenticate(held, { role: 'admin' })
    expect(record).toEqual({
      ...held.record,
      id: record.id,
      role: 'admin',
      authenticatedAt: clock.now,
      lastSeenAt: clock.now,
      absoluteEnd: clock.now + 8 * HOUR,
    })
    expect(record.id).not.toBe(held.record.id)
    expect(remember).toBe(false)
    expect((await activeOf(token)).record).toEqual(record)
    expect(events).toEqual([
      {
        type: 'rotation',
        cause: 'reauthentication',
        previousId: held.record.id,
        userId: 'alice',
        id: record.id,
        at: clock.now,
      },
    ])
  })

  it('by sign-out is told, and is all that can be done', async () => {
    const { signIn, writer, engine, events, clock } = start()
    const { held, token } = await signIn()
    expect(await writer.destroy(held.token)).toBe(true)
    expect(events).toEqual([{ type: 'sign-out', userId: 'alice', id: held.record.id, at: clock.now }])
    expect(await engine.recognise([token])).toMatchObject({ outcome: 'active' })
  })
})

describe('renewal of a session in a cookie', () => {
  it('is due with its activity', async () => {
    const { signIn, engine, activeOf, clock } = start({ touchInterval: '5m' })
    const { token } = await signIn({ data: { a: 1 } })
    clock.now += 5 * MINUTE - 1
    expect(await engine.renew(await activeOf(token))).toBeNull()
    clock.now += 1
    const renewed = await engine.renew(await activeOf(token))
    expect(renewed).toMatchObject({
      outcome: 'active',
      record: { lastSeenAt: clock.now },
      session: { lastSeenAt: new Date(clock.now), data: { a: 1 } },
    })
    expect((await activeOf(renewed?.token.token ?? '')).record).toEqual(renewed?.record)
  })

  it('is due when an older secret sealed it, and is no activity then', async () => {
    const { token, record } = await start().signIn()
    const next = start({ secret: [OTHER_SECRET, SECRET] })
    const fresh = await createSeal([SECRET]).seal('stateless', { r: record, m: 1, n: '__Host-session' })
    next.clock.now += 1_000
    const renewed = await next.engine.renew(await next.activeOf(fresh))
    expect(renewed).toMatchObject({ record, token: { current: true } })
    expect(renewed?.token.token).not.toBe(token)
    const { engine } = start({ secret: OTHER_SECRET })
    expect(await engine.recognise([renewed?.token.token ?? ''])).toMatchObject({ outcome: 'active' })
  })
})

describe('a stateless engine', () => {
  it('is not that of another cookie, though it has the same secret', async () => {
    const { token } = await start().signIn()
    const other = start({ cookie: { name: 'other' } })
    expect(await other.engine.recognise([token])).toEqual({ outcome: 'none', reason: 'malformed' })
    expect(await start().engine.recognise([token])).toMatchObject({ outcome: 'active' })
    expect(await other.engine.recognise([token])).toMatchObject({ outcome: 'none' })
  })

  it('takes an update for activity', async () => {
    const { signIn, engine, activeOf, clock } = start()
    const { token } = await signIn()
    clock.now += MINUTE
    const { record } = await engine.writer().update(await activeOf(token), (current) => current)
    expect(record.lastSeenAt).toBe(clock.now)
  })

  it('has nothing to record activity in, and nothing to hand over', async () => {
    const { engine, signIn } = start()
    const { held, token } = await signIn()
    expect(engine.touch(held)).toBeNull()
    expect(await engine.handOver(held, { isPublic: true })).toBeNull()
    expect(await engine.takeOver(token, [token])).toBeNull()
    expect(engine.sessionsAreInCookies).toBe(true)
  })

  it('says at once what is missing in the environment', () => {
    vi.stubEnv('SESSION_SECRET', '')
    const { engine } = start({ secret: undefined as never })
    expect(() => engine.assertConfigured()).toThrow('SESSION_SECRET is not set')
    vi.unstubAllEnvs()
    expect(() => start().engine.assertConfigured()).not.toThrow()
  })
})
