import { describe, expect, it } from 'vitest'
import { SessionTooLargeError } from '../src/lib/errors.ts'
import { createProxyFunction } from '../src/lib/proxy.ts'
import { createStatelessEngine } from '../src/lib/stateless-engine.ts'
import { OTHER_SECRET, SECRET } from './support/instance.ts'
import { visit } from './support/visit.ts'

function startStateless({ secret = SECRET as string | string[] } = {}) {
  const clock = { now: 1_800_000_000_000 }
  const engine = createStatelessEngine({
    mode: 'stateless',
    secret,
    idle: '1h',
    absolute: '8h',
    protect: { routes: ['/dashboard'] },
    now: () => clock.now,
  })
  const fields = (data = {}) => ({
    userId: 'alice',
    role: null,
    data,
    userAgent: null,
    ip: null,
    version: 1,
    createdAt: clock.now,
    authenticatedAt: clock.now,
    lastSeenAt: clock.now,
    absoluteEnd: clock.now + engine.config.absolute,
    idle: engine.config.idle,
  })
  const signIn = async (data = {}) =>
    (await engine.writer().create(fields(data), { remember: true, previous: null })).token
  const held = async (token: string) => {
    const recognised = await engine.recognise([token])
    if (recognised.outcome !== 'active') throw new Error(recognised.outcome)
    return recognised
  }
  return { clock, engine, proxy: createProxyFunction(engine), signIn, held }
}

describe('stateless mode', () => {
  it('recognises a visitor from the cookie alone, and hands the page the user id', async () => {
    const app = startStateless()
    const { seen, setCookies } = await visit(app.proxy, '/dashboard', { token: await app.signIn() })
    expect(seen?.get('x-user-id')).toBe('alice')
    expect(setCookies).toEqual([])
  })

  it('renews the cookie on activity, once per interval, and never past the absolute end', async () => {
    const app = startStateless()
    let token = await app.signIn()
    for (let halfHour = 1; halfHour < 16; halfHour += 1) {
      app.clock.now += 30 * 60_000
      const { setCookies, seen } = await visit(app.proxy, '/dashboard', { token })
      expect(seen?.get('x-user-id')).toBe('alice')
      token = /=([^;]+)/.exec(setCookies[0] ?? '')?.[1] ?? ''
    }
    expect((await visit(app.proxy, '/dashboard', { token })).setCookies).toEqual([])
    app.clock.now += 30 * 60_000
    expect((await visit(app.proxy, '/dashboard', { token })).status).toBe(307)
  })

  it('ends when it was not used for the idle time', async () => {
    const app = startStateless()
    const token = await app.signIn()
    app.clock.now += 3_600_000
    const { status, setCookies } = await visit(app.proxy, '/dashboard', { token })
    expect([status, setCookies.length]).toEqual([307, 1])
  })

  it('keeps data in the cookie, and refuses what a browser would not keep', async () => {
    const app = startStateless()
    const session = await app.held(await app.signIn({ theme: 'dark' }))
    const { issued } = await app.engine
      .writer()
      .update(session, (record) => ({ ...record, data: { theme: 'light' } }))
    expect((await app.held(issued?.token ?? '')).session.data).toEqual({ theme: 'light' })
    await expect(app.signIn({ note: 'x'.repeat(3_500) })).rejects.toThrow(SessionTooLargeError)
  })

  it('opens with an older secret, and seals anew with the first', async () => {
    const token = await startStateless().signIn()
    const next = startStateless({ secret: [OTHER_SECRET, SECRET] })
    const { setCookies } = await visit(next.proxy, '/dashboard', { token })
    const renewed = /=([^;]+)/.exec(setCookies[0] ?? '')?.[1] ?? ''
    expect(
      (await visit(startStateless({ secret: OTHER_SECRET }).proxy, '/dashboard', { token: renewed })).status,
    ).toBe(200)
  })

  it('takes no token of another purpose', async () => {
    const app = startStateless()
    const { createSeal } = await import('../src/lib/seal.ts')
    const token = await createSeal([SECRET]).seal('token', { r: {}, m: 1 })
    expect(await app.engine.recognise([token])).toEqual({ outcome: 'none', reason: 'malformed' })
  })

  it('takes an option that is undefined for one that is not given', () => {
    const options = { mode: 'stateless', secret: SECRET, ...{ maxSessions: undefined } } as const
    expect(() => createStatelessEngine(options)).not.toThrow()
  })

  it('refuses options that only a store can honour', () => {
    for (const option of [{ prefix: 'x:' }, { maxSessions: 3 }, { rotateEvery: '1h' }]) {
      expect(() => createStatelessEngine({ mode: 'stateless', secret: SECRET, ...option })).toThrow(
        'has no meaning',
      )
    }
  })
})
