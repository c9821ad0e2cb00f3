import type { Duration, EdgeSessionOptions } from 'edge-session'

const mode = variable('SESSION_MODE')
if (!['kv', 'stateless', undefined].includes(mode)) {
  throw new Error('SESSION_MODE must be "kv" or "stateless".')
}

/** Whether the cookie itself is the session. Then there is no KV, and nothing that needs one. */
export const isStateless = mode === 'stateless'

for (const name of [
  'SESSION_ROTATE_SECONDS',
  'SESSION_GRACE_SECONDS',
  'SESSION_MAX_PER_USER',
  'SESSION_CACHE_SECONDS',
  'SESSION_SNAPSHOT_SECONDS',
  'LOGIN_RATE_LIMIT',
]) {
  if (isStateless && !['0', undefined].includes(variable(name))) {
    throw new Error(`${name} needs KV. Unset it, or do not set SESSION_MODE to "stateless".`)
  }
}

const cacheLag = wholeNumber('SESSION_CACHE_SECONDS', { min: 1, max: 300 })
const snapshot = wholeNumber('SESSION_SNAPSHOT_SECONDS', { min: 2, max: 300 })
if (snapshot !== undefined && cacheLag === undefined) {
  throw new Error('SESSION_SNAPSHOT_SECONDS needs SESSION_CACHE_SECONDS as well.')
}

/**
 * Lets the environment set what an app would write down in session.ts. Only so that this demo can be tested from
 * outside: leave this file out of yours.
 */
export const sessionOptions = {
  idle: seconds('SESSION_IDLE_SECONDS'),
  absolute: seconds('SESSION_ABSOLUTE_SECONDS'),
  touchInterval: seconds('SESSION_TOUCH_SECONDS'),
  origin: origin('APP_ORIGIN'),
  cookie:
    process.env.INSECURE_DEV_COOKIES === '1'
      ? { name: 'session', secure: false, allowInsecureInProduction: true }
      : undefined,
  onEvent: process.env.SESSION_EVENTS === '1' ? (event) => console.log(JSON.stringify(event)) : undefined,
  ...(!isStateless && {
    rotateEvery: seconds('SESSION_ROTATE_SECONDS'),
    rotationGrace: seconds('SESSION_GRACE_SECONDS'),
    maxSessions: wholeNumber('SESSION_MAX_PER_USER', { min: 1, max: 1_000 }),
    cache:
      cacheLag === undefined
        ? undefined
        : { revocationLag: `${cacheLag}s`, ...(snapshot !== undefined && { snapshot: `${snapshot}s` }) },
  }),
} satisfies EdgeSessionOptions

/** How long a password counts as just entered, for pages like /sensitive. */
export const freshFor: Duration = seconds('SESSION_FRESH_SECONDS') ?? '5m'

/** Sign-in attempts per minute, user and address; 0 switches the limit off. */
export const loginRateLimit =
  wholeNumber('LOGIN_RATE_LIMIT', { min: 0, max: 1_000_000 }) ?? (isStateless ? 0 : 10)

function variable(name: string): string | undefined {
  return process.env[name] || undefined
}

function wholeNumber(name: string, { min, max }: { min: number; max: number }): number | undefined {
  const value = variable(name)
  if (value === undefined) return undefined
  if (!/^\d{1,9}$/.test(value) || Number(value) < min || Number(value) > max) {
    throw new Error(`${name} must be a whole number from ${min} to ${max}.`)
  }
  return Number(value)
}

function seconds(name: string): Duration | undefined {
  const value = wholeNumber(name, { min: 1, max: 400 * 86_400 })
  return value === undefined ? undefined : `${value}s`
}

function origin(name: string): string | undefined {
  const value = variable(name)
  if (value === undefined) return undefined
  if (!/^https?:/.test(value) || !URL.canParse(value) || new URL(value).origin !== value) {
    throw new Error(`${name} must be an origin such as "https://example.com".`)
  }
  return value
}
