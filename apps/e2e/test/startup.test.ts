import { describe, expect, it } from 'vitest'
import { startRefused } from '../support/server.ts'
import { GUARDED, NEXT_16_PROXY } from '../support/variants.ts'

const SECRET = 'correct-horse-battery-staple-0123456789'
const COMPLETE: Readonly<Record<string, string>> = {
  KV_REST_API_URL: 'http://127.0.0.1:9',
  KV_REST_API_TOKEN: 'kv-token-canary-0123456789',
  SESSION_SECRET: SECRET,
  CRON_SECRET: 'cron-canary-0123456789',
}

/** The variable that is named; what of its value must not show; the environment. */
const REFUSED: readonly (readonly [string, string | null, Readonly<Record<string, string>>])[] = [
  ['SESSION_SECRET', null, without('SESSION_SECRET')],
  ['SESSION_SECRET', null, { ...COMPLETE, SESSION_SECRET: '' }],
  ['SESSION_SECRET', 'short-canary', { ...COMPLETE, SESSION_SECRET: 'short-canary' }],
  ['SESSION_SECRET', 'x'.repeat(31), { ...COMPLETE, SESSION_SECRET: 'x'.repeat(31) }],
  ['SESSION_SECRET', 'short-canary', { ...COMPLETE, SESSION_SECRET: `${SECRET},short-canary` }],
  ['SESSION_SECRET', SECRET, { ...COMPLETE, SESSION_SECRET: `${SECRET},` }],
  ['SESSION_SECRET', SECRET, { ...COMPLETE, SESSION_SECRET: `,${SECRET}` }],
  ['SESSION_SECRET', SECRET, { ...COMPLETE, SESSION_SECRET: `${SECRET},${SECRET}` }],
  ['SESSION_SECRET', SECRET, { ...COMPLETE, SESSION_SECRET: `${SECRET}, ${SECRET} ` }],
  ['KV_REST_API_URL', 'kv-token-canary', without('KV_REST_API_URL')],
  ['KV_REST_API_TOKEN', '127.0.0.1:9', without('KV_REST_API_TOKEN')],
  [
    'KV_REST_API_URL',
    'user:pass-canary',
    { ...COMPLETE, KV_REST_API_URL: 'http://user:pass-canary@127.0.0.1:9' },
  ],
  ['KV_REST_API_URL', 'not-a-url-canary', { ...COMPLETE, KV_REST_API_URL: 'not-a-url-canary' }],
  ['KV_REST_API_TOKEN', 'tökén-canary', { ...COMPLETE, KV_REST_API_TOKEN: 'tökén-canary' }],
  ['SESSION_IDLE_SECONDS', 'abc-canary', { ...COMPLETE, SESSION_IDLE_SECONDS: 'abc-canary' }],
  ['SESSION_IDLE_SECONDS', null, { ...COMPLETE, SESSION_IDLE_SECONDS: '0' }],
  ['SESSION_IDLE_SECONDS', null, { ...COMPLETE, SESSION_IDLE_SECONDS: '-1' }],
  ['SESSION_ABSOLUTE_SECONDS', null, { ...COMPLETE, SESSION_ABSOLUTE_SECONDS: 'Infinity' }],
  ['SESSION_ABSOLUTE_SECONDS', null, { ...COMPLETE, SESSION_ABSOLUTE_SECONDS: String(401 * 86_400) }],
  ['SESSION_TOUCH_SECONDS', null, { ...COMPLETE, SESSION_TOUCH_SECONDS: '1.5' }],
  ['SESSION_ROTATE_SECONDS', null, { ...COMPLETE, SESSION_ROTATE_SECONDS: 'NaN' }],
  ['SESSION_GRACE_SECONDS', null, { ...COMPLETE, SESSION_GRACE_SECONDS: '1e3' }],
  ['SESSION_MAX_PER_USER', null, { ...COMPLETE, SESSION_MAX_PER_USER: '0' }],
  ['SESSION_FRESH_SECONDS', null, { ...COMPLETE, SESSION_FRESH_SECONDS: 'x' }],
  ['SESSION_CACHE_SECONDS', null, { ...COMPLETE, SESSION_CACHE_SECONDS: 'x' }],
  ['SESSION_SNAPSHOT_SECONDS', null, { ...COMPLETE, SESSION_SNAPSHOT_SECONDS: '60' }],
  [
    'SESSION_SNAPSHOT_SECONDS',
    null,
    { ...COMPLETE, SESSION_CACHE_SECONDS: '5', SESSION_SNAPSHOT_SECONDS: '1' },
  ],
  ['SESSION_MODE', 'mode-canary', { ...COMPLETE, SESSION_MODE: 'mode-canary' }],
  ['APP_ORIGIN', 'shop-canary', { ...COMPLETE, APP_ORIGIN: 'shop-canary.test' }],
  ['APP_ORIGIN', 'shop-canary', { ...COMPLETE, APP_ORIGIN: 'https://shop-canary.test/path' }],
  ['LOGIN_RATE_LIMIT', null, { ...COMPLETE, LOGIN_RATE_LIMIT: '-5' }],
]

describe('a server', () => {
  it.each(REFUSED)(
    'refuses to start with a bad %s, in one sentence without its value (%s)',
    async (name, value, env) => {
      const { code, output } = await startRefused({ variant: NEXT_16_PROXY, env })
      expect(code, output).not.toBeNull()
      expect(code).not.toBe(0)
      const lines = output.split('\n').filter((line) => line.includes(name))
      expect(lines, output).toHaveLength(1)
      expect(output).not.toMatch(/\n\s+at /)
      if (value !== null) expect(output).not.toContain(value)
      for (const secret of [SECRET, 'kv-token-canary', 'cron-canary']) expect(output).not.toContain(secret)
    },
  )

  it.each(GUARDED)('on $name refuses to start without a secret', async (variant) => {
    const { code, output } = await startRefused({ variant, env: without('SESSION_SECRET') })
    expect(code, output).not.toBeNull()
    expect(output).toMatch(/SESSION_SECRET is not set/)
  })

  it('starts with the Upstash names, with several secrets, and says nothing of either', async () => {
    const { KV_REST_API_URL = '', KV_REST_API_TOKEN = '', ...others } = COMPLETE
    const { code, output } = await startRefused({
      variant: NEXT_16_PROXY,
      env: {
        ...others,
        UPSTASH_REDIS_REST_URL: KV_REST_API_URL,
        UPSTASH_REDIS_REST_TOKEN: KV_REST_API_TOKEN,
        SESSION_SECRET: `${SECRET},${SECRET}-older`,
      },
    })
    expect(code, output).toBeNull()
    for (const secret of [SECRET, 'kv-token-canary', 'cron-canary']) expect(output).not.toContain(secret)
  })
})

function without(name: string): Readonly<Record<string, string>> {
  const { [name]: _, ...others } = COMPLETE
  return others
}
