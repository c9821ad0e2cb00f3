/** Responses that must never be stored: they say who somebody is, or set our cookie (RFC 9111 §5.2.2). */
export const NEVER_STORE = 'private, no-store'

export interface Problem {
  readonly status: number
  readonly title: string
  /** Stable, for programs. */
  readonly code: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An error of an API as `application/problem+json` (RFC 9457) that no cache keeps. */
export function problemResponse({ status, title, code, headers = {} }: Problem): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title, status, code }), {
    status,
    headers: { ...headers, 'content-type': 'application/problem+json', 'cache-control': NEVER_STORE },
  })
}

export const SIGN_IN_REQUIRED: Problem = {
  status: 401,
  title: 'Sign in to continue',
  code: 'ERR_SESSION_NOT_FOUND',
}
export const FORBIDDEN: Problem = { status: 403, title: 'You may not do this', code: 'ERR_FORBIDDEN' }
export const MALFORMED_PATH: Problem = {
  status: 400,
  title: 'The path is malformed',
  code: 'ERR_MALFORMED_PATH',
}
export const CROSS_SITE: Problem = {
  status: 403,
  title: 'Cross-site request refused',
  code: 'ERR_CROSS_SITE',
}
export const TEMPORARILY_UNKNOWN: Problem = {
  status: 503,
  title: 'Your session can not be checked right now',
  code: 'ERR_SESSION_UNKNOWN',
  headers: { 'retry-after': '2' },
}
