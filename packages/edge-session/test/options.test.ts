import { afterEach, describe, expect, it, vi } from 'vitest'
import { ConfigurationError } from '../src/lib/errors.ts'
import { createKVEngine } from '../src/lib/kv-engine.ts'
import { kvStore } from '../src/lib/kv-store.ts'
import { LIFETIME_PRESETS } from '../src/lib/lifetime.ts'
import type { EdgeSessionOptions } from '../src/lib/options.ts'
import { restTransport } from '../src/lib/transports/rest.ts'

const secret = 'a-secret-of-at-least-32-characters-here'
const kv = restTransport({ url: 'http://127.0.0.1:1', token: 't' })
afterEach(() => vi.unstubAllEnvs())

function refusal(options: EdgeSessionOptions): string {
  try {
    createKVEngine({ secret, kv, ...options }, kvStore).parts()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message
    throw error
  }
  return 'accepted'
}

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
