import { type CookieSetting, issuedCookie } from './cookie.ts'
import { createKVEngine } from './kv-engine.ts'
import { kvStore } from './kv-store.ts'
import { createLifecycle } from './lifecycle.ts'
import { newRecord } from './new-record.ts'
import type { EdgeSessionOptions } from './options.ts'
import type { JsonObject } from './record.ts'
import type { NewSession } from './session.ts'

/** A cookie as Playwright's `context.addCookies` takes it. */
export interface TestCookie {
  readonly name: string
  readonly value: string
  /** Only of a cookie that belongs to one host and all its paths. */
  readonly url?: string
  /** With a `.` in front it is sent to subdomains too. */
  readonly domain?: string
  readonly path?: string
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite: 'Strict' | 'Lax' | 'None'
  /** Seconds since 1970; -1 for a cookie that ends with the browser session. */
  readonly expires: number
}

/**
 * Signs a user in without a sign-in page, for end-to-end tests: a real session in the app's own KV, and the cookie
 * that carries it. Whoever has the app's secret and KV can do this; keep both out of the reach of test reports.
 *
 * @param options the app's own, with `url`, the address the browser will visit.
 * @example await context.addCookies([...(await signedInCookies({ userId: 'alice' }, { ...options, url: 'http://localhost:3000' }))])
 */
export async function signedInCookies<Data extends object = JsonObject>(
  session: NewSession<Data>,
  { url, ...options }: EdgeSessionOptions<Data> & { readonly url: string },
): Promise<readonly TestCookie[]> {
  const engine = createKVEngine(options, kvStore)
  const { config } = engine
  const fields = newRecord(session, { config, userAgent: null })
  const remember = session.remember ?? true
  const { token, record } = await createLifecycle(engine.parts()).create(fields, { remember, previous: null })
  const lifetime = record.absoluteEnd - config.now()
  const { name, value, secure, httpOnly, sameSite, maxAge, domain, path } = issuedCookie(config.cookie, {
    value: token,
    remember,
    lifetime,
  })
  const expires = maxAge === undefined ? -1 : Math.floor(config.now() / 1_000) + maxAge
  const { host, hostname } = new URL(url)
  // By its own address, not that of the page: a secure cookie of http://localhost is one of https://localhost.
  const place =
    domain === undefined && path === '/'
      ? { url: `${secure ? 'https' : 'http'}://${host}/` }
      : { domain: domain === undefined ? hostname : `.${domain}`, path }
  return [{ name, value, ...place, httpOnly, secure, sameSite: SAME_SITE[sameSite], expires }]
}

const SAME_SITE: Readonly<Record<CookieSetting['sameSite'], TestCookie['sameSite']>> = {
  strict: 'Strict',
  lax: 'Lax',
  none: 'None',
}
