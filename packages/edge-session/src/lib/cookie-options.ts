import { environment } from './environment.ts'
import { ConfigurationError } from './errors.ts'

export interface CookieOptions {
  /**
   * Default `__Host-session`; `__Secure-session` with a `domain` or another `path`; `session` without `secure`.
   * A `__Host-` cookie can not be planted from a sibling domain (RFC 6265bis §4.1.3.2).
   */
  readonly name?: string
  /** Default `'lax'`. `'none'` needs `secure`. */
  readonly sameSite?: 'strict' | 'lax' | 'none'
  /** Default `true`, except in `next dev`, where the site is on plain http. */
  readonly secure?: boolean
  /** Default `'/'`. */
  readonly path?: string
  /** Default: none, the cookie stays on its host. With a domain, every subdomain sees and can overwrite it. */
  readonly domain?: string
  /** Accepts `secure: false` in production. Only for tests over plain http: anyone on the network can take the session. */
  readonly allowInsecureInProduction?: boolean
}

/** Cookie options with nothing left open. */
export interface CookieConfig {
  readonly name: string
  readonly sameSite: 'strict' | 'lax' | 'none'
  readonly secure: boolean
  readonly path: string
  readonly domain: string | null
}

const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i

/** @throws ConfigurationError for every combination a browser would refuse or that is unsafe. */
export function resolveCookieOptions(options: CookieOptions): CookieConfig {
  const mode = environment('NODE_ENV')
  const secure = options.secure ?? mode !== 'development'
  const path = options.path ?? '/'
  const domain = options.domain ?? null
  const sameSite = options.sameSite ?? 'lax'
  const hostOnly = domain === null && path === '/'
  const name = options.name ?? (secure ? (hostOnly ? '__Host-session' : '__Secure-session') : 'session')

  refuseIf(
    !COOKIE_NAME.test(name),
    'cookie.name',
    'is not a valid cookie name. Use letters, digits, "-" and "_"',
  )
  refuseIf(
    !/^\/[\x21-\x3a\x3c-\x7e]*$/.test(path),
    'cookie.path',
    'must start with "/" and hold no ";", space or control character',
  )
  refuseIf(
    domain !== null && !HOST_NAME.test(domain),
    'cookie.domain',
    'is not a host name. Use for example "example.com"',
  )
  refuseIf(
    !['strict', 'lax', 'none'].includes(sameSite),
    'cookie.sameSite',
    'must be "strict", "lax" or "none"',
  )
  refuseIf(
    sameSite === 'none' && !secure,
    'cookie.sameSite',
    '"none" needs a secure cookie. Remove "secure: false"',
  )
  refuseIf(
    /^__(host|secure)-/i.test(name) && !secure,
    'cookie.name',
    'with this prefix needs a secure cookie. Choose another name',
  )
  refuseIf(
    /^__host-/i.test(name) && !hostOnly,
    'cookie.name',
    '"__Host-" allows no domain and only the path "/". Use "__Secure-"',
  )
  refuseIf(
    !secure && mode === 'production' && options.allowInsecureInProduction !== true,
    'cookie.secure',
    'must not be false in production: the session would travel in the clear. Serve the site over https',
  )
  return { name, sameSite, secure, path, domain }
}

function refuseIf(wrong: boolean, option: string, reason: string): void {
  if (wrong) throw new ConfigurationError(`"${option}" ${reason}.`)
}
