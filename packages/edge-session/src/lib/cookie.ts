import type { CookieConfig } from './cookie-options.ts'

/** Browsers forget cookies after 400 days at the latest (RFC 6265bis §5.5). */
const LONGEST_MAX_AGE = 400 * 86_400

/**
 * The values of all cookies with exactly this name, in order, still encoded. Read from the raw header because parsers
 * hide what matters here: duplicates, aliases by percent-encoding, names that differ in case or by odd spaces.
 */
export function cookieValues(header: string | null, name: string): readonly string[] {
  return pairs(header).flatMap((pair) =>
    nameOf(pair) === name ? [trimBlanks(pair.slice(pair.indexOf('=') + 1))] : [],
  )
}

/** The snapshots presented; none where there are none to be had. */
export function snapshotValues(
  header: string | null,
  snapshotCookie: CookieConfig | null,
): readonly string[] {
  return snapshotCookie === null ? [] : cookieValues(header, snapshotCookie.name)
}

/** The Cookie header with our cookie replaced, or taken out (`null`). The neighbours keep every byte. */
export function withCookie(
  header: string | null,
  { name, value }: { name: string; value: string | null },
): string | null {
  const others = pairs(header).filter((pair) => nameOf(pair) !== name)
  const all = value === null ? others : [...others, `${name}=${value}`]
  return all.length === 0 ? null : all.map(trimBlanks).join('; ')
}

/** How a cookie is to be set: everything a Set-Cookie header or Next.js' `cookies().set` wants to know. */
export interface CookieSetting {
  readonly name: string
  readonly value: string
  readonly path: string
  readonly httpOnly: true
  readonly secure: boolean
  readonly sameSite: 'strict' | 'lax' | 'none'
  readonly domain?: string
  /** Seconds. Absent: the cookie ends with the browser session. */
  readonly maxAge?: number
  readonly expires?: Date
}

/** The cookie that carries `value` for as long as it can be of use: `lifetime`, milliseconds. */
export function issuedCookie(
  config: CookieConfig,
  issued: { value: string; remember: boolean; lifetime: number },
): CookieSetting {
  const setting = { ...attributes(config), value: issued.value }
  if (!issued.remember) return setting
  return { ...setting, maxAge: Math.min(LONGEST_MAX_AGE, Math.max(0, Math.floor(issued.lifetime / 1_000))) }
}

/**
 * The cookie that makes the browser forget ours: same name, path, domain and, without which a `__Host-` cookie stays,
 * Secure (RFC 6265bis §5.7). Expires as well as Max-Age, as Next.js drops the latter when it merges headers.
 */
export function clearedCookie(config: CookieConfig): CookieSetting {
  return { ...attributes(config), value: '', maxAge: 0, expires: new Date(0) }
}

/** {@link clearedCookie} for everything of ours that a browser may hold. */
export function clearedCookies(config: {
  cookie: CookieConfig
  snapshotCookie: CookieConfig | null
}): readonly CookieSetting[] {
  const { cookie, snapshotCookie } = config
  return [cookie, ...(snapshotCookie === null ? [] : [snapshotCookie])].map(clearedCookie)
}

/** As a Set-Cookie header. */
export function serialiseCookie(setting: CookieSetting): string {
  const { name, value, path, domain, maxAge, expires, secure, sameSite } = setting
  return [
    `${name}=${value}`,
    `Path=${path}`,
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    ...(expires === undefined ? [] : [`Expires=${expires.toUTCString()}`]),
    ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`]),
    ...(secure ? ['Secure'] : []),
    'HttpOnly',
    `SameSite=${sameSite.charAt(0).toUpperCase()}${sameSite.slice(1)}`,
  ].join('; ')
}

function attributes({ name, path, domain, secure, sameSite }: CookieConfig): Omit<CookieSetting, 'value'> {
  return { name, path, httpOnly: true, secure, sameSite, ...(domain === null ? {} : { domain }) }
}

function pairs(header: string | null): readonly string[] {
  return header === null || header === '' ? [] : header.split(';')
}

function nameOf(pair: string): string | null {
  const equals = pair.indexOf('=')
  return equals === -1 ? null : trimBlanks(pair.slice(0, equals))
}

/** Only the blanks that the grammar knows (RFC 6265 §4.2.1): a Unicode space is part of a name. */
function trimBlanks(text: string): string {
  let [start, end] = [0, text.length]
  // No regular expression, which would take a time that grows with the square of the blanks inside.
  while (start < end && isBlank(text[start])) start += 1
  while (start < end && isBlank(text[end - 1])) end -= 1
  return text.slice(start, end)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}
