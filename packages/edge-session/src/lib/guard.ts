import { pathToRegexp } from 'path-to-regexp'
import { ConfigurationError } from './errors.ts'
import { pathForms } from './path-forms.ts'
import type { Session } from './session.ts'

/** A path pattern as in Next.js matchers, decoded: `/dashboard/:path*`, `/:tenant/settings`, `/café`. */
export type PathPattern = `/${string}`

export interface ProtectOptions<Data> {
  /** Paths that need a session, in any letter case. */
  readonly routes?: readonly (PathPattern | RouteRule<Data>)[]
  /**
   * Turns the guard around: every path needs a session save these, in this letter case, the sign-in page and Next.js'
   * own files. The safest choice, as a new page starts out protected.
   */
  readonly publicRoutes?: readonly PathPattern[]
  /** Where visitors without a session are sent, with `?next=`. Never protected itself. Default `'/login'`. */
  readonly signIn?: PathPattern
  /**
   * Where `requireSession({ maxAge })` sends users whose last proof is too old, with `?next=` if it has a `returnTo`. Default:
   * the sign-in page.
   */
  readonly reauthenticate?: PathPattern
  /** Paths that answer 401 JSON instead of a redirect. Default `['/api/:path*']`. */
  readonly api?: readonly PathPattern[]
}

export interface RouteRule<Data> {
  readonly path: PathPattern
  /** Who may pass; others get 403. Default: anyone with a session. */
  readonly allow?: (session: Session<Data>) => boolean
  /** When KV does not answer: 503 (`'refuse'`, the default), or let the page handle it (`'continue'`). */
  readonly whenUnknown?: 'refuse' | 'continue'
}

/** What the guard makes of one path. */
export interface Verdict<Data> {
  /** The path is that of the sign-in page, in whatever way it is written. */
  readonly isSignIn: boolean
  readonly protected: boolean
  readonly api: boolean
  readonly whenUnknown: 'refuse' | 'continue'
  readonly allow: (session: Session<Data>) => boolean
}

export interface Guard<Data> {
  readonly signIn: PathPattern
  readonly reauthenticate: PathPattern
  /** Whether anything is protected at all. */
  readonly active: boolean
  /** `null` for a path that no honest client sends, where anything is protected. */
  judge(pathname: string): Verdict<Data> | null
}

const UNGUARDED = {
  isSignIn: false,
  protected: false,
  api: false,
  whenUnknown: 'continue',
  allow: () => true,
} as const

/** Next.js' own. Anything else below `/_next` may be a page of a dynamic route. */
const FILES = ['/_next/static/:path*', '/_next/image'] as const

/** @throws ConfigurationError for a pattern that does not parse. */
export function createGuard<Data>(options: ProtectOptions<Data> | undefined): Guard<Data> {
  const signIn = options?.signIn ?? '/login'
  const reauthenticate = options?.reauthenticate ?? signIn
  checkPath(signIn, 'protect.signIn')
  checkPath(reauthenticate, 'protect.reauthenticate')
  const rules = (options?.routes ?? []).map(compileRule)
  const isSignIn = compile([signIn], { sensitive: true })
  const isPublic =
    options?.publicRoutes && compile([...options.publicRoutes, signIn, ...FILES], { sensitive: true })
  const isApi = compile(options?.api ?? ['/api/:path*'])
  const active = options?.routes !== undefined || isPublic !== undefined

  return {
    signIn,
    reauthenticate,
    active,

    judge(pathname) {
      const forms = pathForms(pathname)
      if (forms === null) return active ? null : UNGUARDED
      // The sign-in page is open to all even where a rule covers everything, else its redirect would never end.
      const onSignIn = forms.every(isSignIn)
      const matching = onSignIn ? [] : rules.filter((rule) => forms.some(rule.matches))
      return {
        isSignIn: onSignIn,
        // Protected if any reading of the path is, public only if every reading is.
        protected: matching.length > 0 || (isPublic !== undefined && !forms.every(isPublic)),
        api: forms.some(isApi),
        whenUnknown:
          matching.length > 0 && matching.every((rule) => rule.whenUnknown === 'continue')
            ? 'continue'
            : 'refuse',
        allow: (session) => matching.every((rule) => rule.allow(session)),
      }
    },
  }
}

function checkPath(path: string, option: string): void {
  if (!/^\/(?![/\\])[^?#\\\s]*$/.test(path)) {
    throw new ConfigurationError(`"${option}" must be a path on this site without a query, such as "/login".`)
  }
}

interface CompiledRule<Data> {
  readonly matches: (path: string) => boolean
  readonly allow: (session: Session<Data>) => boolean
  readonly whenUnknown: 'refuse' | 'continue'
}

function compileRule<Data>(rule: PathPattern | RouteRule<Data>): CompiledRule<Data> {
  const {
    path,
    allow = () => true,
    whenUnknown = 'refuse',
  } = typeof rule === 'string' ? { path: rule } : rule
  return { matches: compile([path]), allow, whenUnknown }
}

function compile(patterns: readonly PathPattern[], { sensitive = false } = {}): (path: string) => boolean {
  const expressions = patterns.map((pattern) => {
    try {
      // Paths are judged decoded and without a slash at the end: one written otherwise would match nothing.
      if (!pattern.startsWith('/') || /%[\da-f]{2}/i.test(pattern)) throw new TypeError('not a path')
      // A decoded path may hold "?" and "#", which are part of a segment like any other character.
      return pathToRegexp(pattern.replace(/(.)\/$/, '$1'), [], { delimiter: '/', sensitive })
    } catch {
      throw new ConfigurationError(
        `"protect" has a pattern that does not parse: ${JSON.stringify(pattern)}. Write it decoded, as in a Next.js matcher, for example "/dashboard/:path*".`,
      )
    }
  })
  return (path) => expressions.some((expression) => expression.test(path))
}
