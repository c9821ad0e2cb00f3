import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type CacheConfig, type CacheOptions, resolveCacheOptions } from './cache-options.ts'
import { type CookieConfig, type CookieOptions, resolveCookieOptions } from './cookie-options.ts'
import { type Duration, toMilliseconds } from './duration.ts'
import { environment } from './environment.ts'
import { ConfigurationError } from './errors.ts'
import type { OnEvent } from './events.ts'
import type { ProtectOptions } from './guard.ts'
import { checkPrefix } from './kv-connection.ts'
import type { KVTransport } from './kv-transport.ts'
import { checkLifetime, LIFETIME_PRESETS, type LifetimePreset, type Lifetimes } from './lifetime.ts'
import type { JsonObject } from './record.ts'
import type { SessionStore } from './session-store.ts'

/** Everything has a default; what is given is checked when the instance is made, what comes from the environment at first use. */
export interface EdgeSessionOptions<Data = JsonObject, Store = SessionStore> {
  /** Sessions live in KV. See {@link StatelessOptions} for the other mode. */
  readonly mode?: 'kv'
  /**
   * At least 32 characters of randomness (`openssl rand -base64 32`). In a list, or a text with commas, the first seals
   * and all unseal: put a new one in front, and drop the old one when no session is left that uses it.
   * Default: `SESSION_SECRET`.
   */
  readonly secret?: string | readonly string[]
  /** How to reach KV. Default: the REST API named by `UPSTASH_REDIS_REST_URL`/`_TOKEN` or `KV_REST_API_URL`/`_TOKEN`. */
  readonly kv?: KVTransport
  /** In front of every KV key: 1 to 64 printable ASCII characters but `*?[]\`. Default `'session:'`. */
  readonly prefix?: string
  /**
   * Longest time one KV call may take. Then the session is `unknown`, also when a lookup takes two and a half times that
   * for all its calls: two at most, and more only where its token was just replaced. Default `'750ms'`.
   */
  readonly kvTimeout?: Duration
  /** Another place to keep sessions, instead of `kv`, `prefix` and `kvTimeout`. */
  readonly store?: Store
  /** Lifetimes that meet a standard; `idle`, `absolute` and `touchInterval` override single values. Default `'consumer'`. */
  readonly preset?: LifetimePreset
  /** A session ends when it was not used for this long. Default `'7d'`, at most `'400d'`. */
  readonly idle?: Duration
  /** A session ends this long after sign-in, used or not. Default `'30d'`, at most `'400d'`. */
  readonly absolute?: Duration
  /** Activity is recorded at most this often. Default `'1m'`, shorter where `idle` is. */
  readonly touchInterval?: Duration
  /** The token is replaced when it is this old. Default: only at sign-in and re-authentication. */
  readonly rotateEvery?: Duration
  /** How long a replaced token still works, for requests already under way. Default `'30s'`. */
  readonly rotationGrace?: Duration
  /** Live sessions per user. Default 100. */
  readonly maxSessions?: number
  /** What a sign-in beyond `maxSessions` does. Default `'evict-oldest'`. */
  readonly whenFull?: 'evict-oldest' | 'refuse'
  /** Serves known sessions from memory, revocable within seconds. Default: every request asks KV. */
  readonly cache?: CacheOptions
  readonly cookie?: CookieOptions
  /** Which paths need a session. Default: none; pages guard themselves with `requireSession`. */
  readonly protect?: ProtectOptions<Data>
  /** Checks and types the custom data on every read (Standard Schema: Zod, Valibot, ArkType…). Data it refuses makes the session `none: corrupt`. */
  readonly schema?: StandardSchemaV1<unknown, Data>
  readonly onEvent?: OnEvent
  /** Adds `Server-Timing: session` with outcome and duration to the proxy's responses. Default `false`: it shows KV's latency to anyone. */
  readonly serverTiming?: boolean
  /** The site's origin, such as `https://example.com`, for the cross-site check. Default: whatever host the request names. */
  readonly origin?: string
  /** The clock, milliseconds since 1970; fractions are cut off. Default `Date.now`. */
  readonly now?: () => number
}

/** Options of an instance without KV. */
export interface StatelessOptions<Data = JsonObject>
  extends Omit<
    EdgeSessionOptions<Data>,
    | 'mode'
    | 'kv'
    | 'prefix'
    | 'kvTimeout'
    | 'store'
    | 'cache'
    | 'rotateEvery'
    | 'rotationGrace'
    | 'maxSessions'
    | 'whenFull'
  > {
  /**
   * The sealed session is in the cookie, at most 4,096 bytes of it. **It can not be revoked**: signing out makes this
   * browser forget it, but a copy works until `idle` or `absolute` ends it, which should therefore be short. Right for
   * previews, forms in several steps, low-risk tools; wrong where a stolen device or a password change must take effect.
   */
  readonly mode: 'stateless'
}

/** Options with nothing left open but what the environment says. */
export interface Config<Data> extends Lifetimes {
  readonly rotateEvery: number | null
  readonly rotationGrace: number
  readonly maxSessions: number
  readonly whenFull: 'evict-oldest' | 'refuse'
  readonly prefix: string
  readonly kvTimeout: number
  readonly cache: CacheConfig | null
  readonly cookie: CookieConfig
  /** `null` without snapshots. */
  readonly snapshotCookie: CookieConfig | null
  readonly schema: StandardSchemaV1<unknown, Data> | null
  readonly onEvent: OnEvent
  readonly serverTiming: boolean
  readonly origin: string | null
  readonly now: () => number
  readonly secrets: () => readonly string[]
}

/** @throws ConfigurationError, one sentence naming the option and never the secret. */
export function resolveOptions<Data>(
  options: EdgeSessionOptions<Data, unknown> | StatelessOptions<Data>,
): Config<Data> {
  return options.mode === 'stateless' ? resolve(withoutStore(options)) : resolve(options)
}

/** Records hold integers: one written with a fraction could not be read any more. */
function inWholeMilliseconds(clock: () => number): () => number {
  return () => Math.floor(clock())
}

/** @throws ConfigurationError for options that only a store can honour. */
function withoutStore<Data>({ mode, ...options }: StatelessOptions<Data>): EdgeSessionOptions<Data> {
  const wrong = [
    'kv',
    'prefix',
    'kvTimeout',
    'store',
    'cache',
    'rotateEvery',
    'rotationGrace',
    'maxSessions',
    'whenFull',
  ].find((name) => Object.entries(options).some(([given, value]) => given === name && value !== undefined))
  if (wrong !== undefined)
    throw new ConfigurationError(`"${wrong}" has no meaning with mode: "${mode}". Remove it.`)
  return options
}

function resolve<Data>(options: EdgeSessionOptions<Data, unknown>): Config<Data> {
  if (options.mode !== undefined && options.mode !== 'kv')
    throw new ConfigurationError('"mode" must be "kv" or "stateless".')
  const preset = LIFETIME_PRESETS[options.preset ?? 'consumer']
  if (preset === undefined)
    throw new ConfigurationError('"preset" must be "consumer", "aal2", "aal3" or "pci".')
  const idle = checkLifetime(optional(options.idle, 'idle') ?? preset.idle, 'idle')
  const absolute = checkLifetime(optional(options.absolute, 'absolute') ?? preset.absolute, 'absolute')
  const maxSessions = options.maxSessions ?? 100
  if (!Number.isSafeInteger(maxSessions) || maxSessions < 1 || maxSessions > 1_000) {
    throw new ConfigurationError('"maxSessions" must be a whole number from 1 to 1000.')
  }
  const whenFull = options.whenFull ?? 'evict-oldest'
  if (!['evict-oldest', 'refuse'].includes(whenFull)) {
    throw new ConfigurationError('"whenFull" must be "evict-oldest" or "refuse".')
  }
  if (
    options.store !== undefined &&
    [options.kv, options.prefix, options.kvTimeout].some((option) => option !== undefined)
  ) {
    throw new ConfigurationError('"store" replaces "kv", "prefix" and "kvTimeout". Give one or the others.')
  }
  const cache = options.cache === undefined ? null : resolveCacheOptions(options.cache)
  const prefix = options.prefix ?? 'session:'
  checkPrefix(prefix, { changes: cache !== null })
  const cookie = resolveCookieOptions(options.cookie ?? {})
  const given = options.secret === undefined ? null : checkSecrets(options.secret, '"secret"')
  return {
    idle,
    absolute,
    touchInterval: optional(options.touchInterval, 'touchInterval') ?? preset.touchInterval,
    rotateEvery: optional(options.rotateEvery, 'rotateEvery') ?? null,
    rotationGrace: optional(options.rotationGrace, 'rotationGrace') ?? 30_000,
    maxSessions,
    whenFull,
    prefix,
    kvTimeout: optional(options.kvTimeout, 'kvTimeout') ?? 750,
    cache,
    cookie,
    snapshotCookie:
      cache === null || cache.snapshot === 0 ? null : { ...cookie, name: `${cookie.name}-snapshot` },
    schema: options.schema ?? null,
    onEvent: options.onEvent ?? (() => {}),
    serverTiming: options.serverTiming ?? false,
    origin: options.origin === undefined ? null : checkOrigin(options.origin),
    now: inWholeMilliseconds(options.now ?? Date.now),
    secrets: () => given ?? secretsFromEnvironment(),
  }
}

/** The KV address and token from the environment. @throws ConfigurationError naming the variables. */
export function kvFromEnvironment(): { url: string; token: string } {
  for (const [urlName, tokenName] of [
    ['UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN'],
    ['KV_REST_API_URL', 'KV_REST_API_TOKEN'],
  ] as const) {
    const url = environment(urlName)
    const token = environment(tokenName)
    if (url !== undefined && !/^https?:\/\/[^\s@]+$/.test(url)) {
      throw new ConfigurationError(
        `${urlName} is not an http(s) address. Set it to the REST URL of the database.`,
      )
    }
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw new ConfigurationError(
        `${tokenName} is not printable ASCII text. Copy it from the database again.`,
      )
    }
    if (url !== undefined && token !== undefined) return { url, token }
    if (url !== undefined || token !== undefined) {
      throw new ConfigurationError(
        `${url === undefined ? urlName : tokenName} is not set. Set it beside its counterpart.`,
      )
    }
  }
  throw new ConfigurationError(
    'KV_REST_API_URL and KV_REST_API_TOKEN (or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN) are not set. Set them, or pass "kv" or "store".',
  )
}

function secretsFromEnvironment(): readonly string[] {
  const value = environment('SESSION_SECRET')
  if (value === undefined) {
    throw new ConfigurationError(
      'SESSION_SECRET is not set. Set it to the output of "openssl rand -base64 32".',
    )
  }
  return checkSecrets(value, 'SESSION_SECRET')
}

function checkSecrets(secret: string | readonly string[], name: string): readonly string[] {
  const secrets = (typeof secret === 'string' ? secret.split(',') : secret).map((entry) => entry.trim())
  if (secrets.length === 0 || secrets.some((entry) => entry.length < 32)) {
    throw new ConfigurationError(
      `${name} needs at least 32 characters in every entry. Use the output of "openssl rand -base64 32".`,
    )
  }
  if (new Set(secrets).size !== secrets.length) {
    throw new ConfigurationError(`${name} has the same entry twice. Remove one.`)
  }
  return secrets
}

function checkOrigin(origin: string): string {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw new ConfigurationError(
      '"origin" must be the origin of the site alone, such as "https://example.com".',
    )
  }
  return origin
}

function optional(duration: Duration | undefined, option: string): number | undefined {
  return duration === undefined ? undefined : toMilliseconds(duration, option)
}
