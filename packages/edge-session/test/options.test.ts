import { afterEach, describe, expect, it, vi } from 'vitest'
import { ConfigurationError } from '../src/lib/errors.ts'
import { createKVEngine } from '../src/lib/kv-engine.ts'
import { kvStore } from '../src/lib/kv-store.ts'
import { LIFETIME_PRESETS } from '../src/lib/lifetime.ts'
import { type EdgeSessionOptions, kvFromEnvironment, resolveOptions } from '../src/lib/options.ts'
import { restTransport } from '../src/lib/transports/rest.ts'

const secret = 'a-secret-of-at-least-32-characters-here'
const kv = restTransport({ url: 'http://127.0.0.1:1', token: 't' })
afterEach(() => vi.unstubAllEnvs())

function refusal(options: EdgeSessionOptions): string {
  try {
    createKVEngine({ secret, kv, ...options }, kvStore)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message
    throw error
  }
  return 'accepted'
}

it('takes a secret with commas for a list, as the environment is', () => {
  const two = [secret, `${secret}2`]
  expect(resolveOptions({ secret: two.join(', ') }).secrets()).toEqual(two)
})

describe('options that are refused at construction, in one sentence that names them', () => {
  const cases: [string, EdgeSessionOptions][] = [
    ['secret', { secret: 'short' }],
    ['secret', { secret: [] }],
    ['secret', { secret: [secret, ''] }],
    ['secret', { secret: [secret, secret] }],
    ['idle', { idle: '0s' }],
    ['idle', { idle: Number.NaN }],
    ['idle', { idle: -1 }],
    ['idle', { idle: 'soon' as never }],
    ['idle', { idle: '401d' }],
    ['idle', { idle: Number.MAX_SAFE_INTEGER }],
    ['absolute', { absolute: Number.POSITIVE_INFINITY }],
    ['absolute', { absolute: '401d' }],
    ['touchInterval', { touchInterval: 1.5 }],
    ['rotateEvery', { rotateEvery: '0m' }],
    ['rotationGrace', { rotationGrace: -5 }],
    ['maxSessions', { maxSessions: 0 }],
    ['maxSessions', { maxSessions: 2.5 }],
    ['whenFull', { whenFull: 'panic' as never }],
    ['preset', { preset: 'bank' as never }],
    ['cookie.name', { cookie: { name: 'a b' } }],
    ['cookie.name', { cookie: { name: 'a;b' } }],
    ['cookie.name', { cookie: { name: '' } }],
    ['cookie.name', { cookie: { name: '__Host-x', domain: 'app.test' } }],
    ['cookie.name', { cookie: { name: '__Host-x', path: '/a' } }],
    ['cookie.name', { cookie: { name: '__Host-x', secure: false } }],
    ['cookie.name', { cookie: { name: '__secure-x', secure: false } }],
    ['cookie.path', { cookie: { path: 'a' } }],
    ['cookie.path', { cookie: { path: '/; Domain=evil.test' } }],
    ['cookie.path', { cookie: { path: '/\n' } }],
    ['cookie.domain', { cookie: { domain: 'evil.test; Path=/' } }],
    ['cookie.domain', { cookie: { domain: '' } }],
    ['cookie.domain', { cookie: { domain: '.app.test' } }],
    ['cookie.sameSite', { cookie: { sameSite: 'loose' as never } }],
    ['cookie.sameSite', { cookie: { sameSite: 'none', secure: false } }],
    ['prefix', { prefix: '' }],
    ['prefix', { prefix: 'a b' }],
    ['prefix', { prefix: 'a*' }],
    ['prefix', { prefix: 'a?' }],
    ['prefix', { prefix: '[a' }],
    ['prefix', { prefix: 'a]' }],
    ['prefix', { prefix: 'a\\' }],
    ['prefix', { prefix: 'é' }],
    ['prefix', { prefix: 'a\u007f' }],
    ['prefix', { prefix: 'a'.repeat(65) }],
    ['prefix', { prefix: 'changes:a', cache: {} }],
    ['protect.signIn', { protect: { signIn: '//evil.test' } }],
    ['protect.signIn', { protect: { signIn: '/login?x' } }],
    ['protect', { protect: { routes: ['/a/:'] } }],
    ['protect', { protect: { routes: ['dashboard' as never] } }],
    ['origin', { origin: 'https://app.test/' }],
    ['origin', { origin: 'app.test' }],
    ['store', { store: {} as never }],
  ]
  it.each(cases)('%s: %j', (name, options) => {
    const message = refusal(options)
    expect(message).toMatch(/^edge-session: /)
    expect(message).toContain(name)
    expect(message).not.toContain(secret)
    expect(message.split('. ').length).toBeLessThanOrEqual(2)
    expect(message).toMatch(/^edge-session: "[\w.]+" .{12,}\.$/)
  })
})

describe('cookies in the clear', () => {
  it('are refused in production unless explicitly allowed, and the default in development', () => {
    vi.stubEnv('NODE_ENV', 'production')
    expect(refusal({ cookie: { secure: false } })).toContain('cookie.secure')
    expect(refusal({ cookie: { secure: false, allowInsecureInProduction: true } })).toBe('accepted')
    expect(createKVEngine({ secret, kv }, kvStore).config.cookie).toMatchObject({
      name: '__Host-session',
      secure: true,
    })
    vi.stubEnv('NODE_ENV', 'development')
    expect(createKVEngine({ secret, kv }, kvStore).config.cookie).toMatchObject({
      name: 'session',
      secure: false,
    })
  })
})

describe('the environment', () => {
  it('is read when something is needed, not when the module is loaded', () => {
    const engine = createKVEngine({}, kvStore)
    vi.stubEnv('SESSION_SECRET', secret)
    vi.stubEnv('KV_REST_API_URL', 'https://kv.test')
    expect(() => engine.parts()).toThrow('KV_REST_API_TOKEN')
    vi.stubEnv('KV_REST_API_TOKEN', 'token')
    expect(() => engine.parts()).not.toThrow()
  })

  it.each([
    ['', 'SESSION_SECRET is not set'],
    ['short', 'SESSION_SECRET'],
    [`${secret},`, 'SESSION_SECRET'],
    [`${secret},${secret}`, 'SESSION_SECRET'],
  ])('with SESSION_SECRET %j is refused without showing it', (value, expected) => {
    vi.stubEnv('SESSION_SECRET', value)
    expect(() => createKVEngine({ kv }, kvStore).parts()).toThrow(expected)
  })

  it('takes a comma list as secrets', () => {
    vi.stubEnv('SESSION_SECRET', `${secret},${secret}2`)
    expect(createKVEngine({ kv }, kvStore).config.secrets()).toEqual([secret, `${secret}2`])
  })
})

describe('presets', () => {
  it('meet the clause they are named after', () => {
    const hour = 3_600_000
    const { aal2, aal3, pci, consumer } = LIFETIME_PRESETS
    expect([consumer.absolute <= 30 * 24 * hour, aal2.absolute <= 24 * hour, aal2.idle <= hour]).toEqual([
      true,
      true,
      true,
    ])
    expect([aal3.absolute <= 12 * hour, aal3.idle <= hour / 4, pci.idle <= hour / 4]).toEqual([
      true,
      true,
      true,
    ])
    expect(createKVEngine({ secret, kv, preset: 'aal3', idle: '5m' }, kvStore).config).toMatchObject({
      idle: 300_000,
      absolute: 12 * hour,
    })
  })
})

describe('options', () => {
  it('have a default each', () => {
    const { config } = createKVEngine({ secret, kv }, kvStore)
    expect(config).toMatchObject({
      idle: 7 * 86_400_000,
      absolute: 30 * 86_400_000,
      touchInterval: 60_000,
      rotateEvery: null,
      rotationGrace: 30_000,
      maxSessions: 100,
      whenFull: 'evict-oldest',
      prefix: 'session:',
      kvTimeout: 750,
      schema: null,
      serverTiming: false,
      origin: null,
    })
    const before = Date.now()
    expect(config.now()).toBeGreaterThanOrEqual(before)
    expect(config.now()).toBeLessThanOrEqual(Date.now())
    expect(config.cookie).toEqual({
      name: '__Host-session',
      sameSite: 'lax',
      secure: true,
      path: '/',
      domain: null,
    })
    expect(config.onEvent({ type: 'sign-in', userId: 'a', id: 'b', evicted: 0, at: 0 })).toBeUndefined()
  })

  it('are what they say they are', () => {
    const now = () => 7
    const onEvent = () => {}
    const { config } = createKVEngine(
      {
        mode: 'kv',
        secret: [` ${secret} `, `${secret}2`],
        kv,
        idle: '1h',
        absolute: '400d',
        touchInterval: '2m',
        rotateEvery: '1h',
        rotationGrace: '5s',
        maxSessions: 1_000,
        whenFull: 'refuse',
        prefix: 'app:',
        kvTimeout: '2s',
        serverTiming: true,
        origin: 'http://localhost:3000',
        now,
        onEvent,
      },
      kvStore,
    )
    expect(config).toMatchObject({
      idle: 3_600_000,
      absolute: 400 * 86_400_000,
      touchInterval: 120_000,
      rotateEvery: 3_600_000,
      rotationGrace: 5_000,
      maxSessions: 1_000,
      whenFull: 'refuse',
      prefix: 'app:',
      kvTimeout: 2_000,
      serverTiming: true,
      origin: 'http://localhost:3000',
      onEvent,
    })
    expect(config.now()).toBe(7)
    expect(config.secrets()).toEqual([secret, `${secret}2`])
  })

  it.each<[string, EdgeSessionOptions]>([
    ['"mode"', { mode: 'redis' as never }],
    ['"maxSessions"', { maxSessions: 1_001 }],
    ['"origin"', { origin: 'ftp://app.test' }],
    ['"origin"', { origin: 'xhttps://app.test' }],
    ['"origin"', { origin: 'https://' }],
    ['"origin"', { origin: 'https://app.test/path' }],
    ['"store"', { store: {} as never, kv }],
    ['"store"', { store: {} as never, prefix: 'a:' }],
    ['"store"', { store: {} as never, kvTimeout: '1s' }],
    ['"secret"', { secret: `${'x'.repeat(31)} ` }],
  ])('%s is refused in %j', (name, options) => {
    const message = refusal(options)
    expect(message).toMatch(/^edge-session: "\w+" .{12,}\.$/)
    expect(message).toContain(name)
  })

  it.each([{ maxSessions: 1 }, { secret: 'x'.repeat(32) }, { origin: 'https://app.test' }])(
    '%j is taken',
    (options) => {
      expect(refusal(options)).toBe('accepted')
    },
  )
})

describe('the KV of the environment', () => {
  const made = (variables: Readonly<Record<string, string>>) => {
    for (const name of ['KV_REST_API', 'UPSTASH_REDIS_REST'])
      for (const part of ['URL', 'TOKEN']) vi.stubEnv(`${name}_${part}`, variables[`${name}_${part}`] ?? '')
    try {
      return kvFromEnvironment()
    } catch (error) {
      return error instanceof ConfigurationError ? error.message : error
    }
  }
  const upstash = {
    UPSTASH_REDIS_REST_URL: 'https://upstash.test',
    UPSTASH_REDIS_REST_TOKEN: 'upstash-token',
  }
  const vercel = { KV_REST_API_URL: 'http://vercel.test', KV_REST_API_TOKEN: 'vercel-token' }

  it("is Upstash's before Vercel's, each with its own token", () => {
    expect(made(vercel)).toEqual({ url: 'http://vercel.test', token: 'vercel-token' })
    expect(made({ ...vercel, ...upstash })).toEqual({ url: 'https://upstash.test', token: 'upstash-token' })
  })

  it.each<[string, Readonly<Record<string, string>>]>([
    ['UPSTASH_REDIS_REST_TOKEN is not set', { ...vercel, ...upstash, UPSTASH_REDIS_REST_TOKEN: '' }],
    ['UPSTASH_REDIS_REST_URL is not set', { ...vercel, ...upstash, UPSTASH_REDIS_REST_URL: '' }],
    ['KV_REST_API_TOKEN is not set', { KV_REST_API_URL: 'https://canary' }],
    ['KV_REST_API_URL is not set', { KV_REST_API_TOKEN: 'canary' }],
    ['KV_REST_API_URL and KV_REST_API_TOKEN (or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN)', {}],
    ['KV_REST_API_URL is not an http(s) address', { ...vercel, KV_REST_API_URL: 'redis://canary' }],
    ['KV_REST_API_URL is not an http(s) address', { ...vercel, KV_REST_API_URL: 'https://a canary' }],
    ['KV_REST_API_URL is not an http(s) address', { ...vercel, KV_REST_API_URL: 'https://canary@kv.test' }],
    ['KV_REST_API_URL is not an http(s) address', { ...vercel, KV_REST_API_URL: 'x https://canary' }],
    ['KV_REST_API_TOKEN is not printable ASCII', { ...vercel, KV_REST_API_TOKEN: 'canary é' }],
    ['KV_REST_API_TOKEN is not printable ASCII', { ...vercel, KV_REST_API_TOKEN: 'é-canary' }],
  ])('is refused in one sentence: %s', (expected, variables) => {
    const message = made(variables)
    expect(message).toMatch(new RegExp(`^edge-session: ${expected.replace(/[()]/g, '\\$&')}`))
    expect(message).not.toContain('canary')
    expect(String(message).split('. ').length).toBe(2)
  })
})
