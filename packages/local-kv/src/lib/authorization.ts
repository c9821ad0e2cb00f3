import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Access } from './command-policy.ts'

export interface Tokens {
  readonly token: string
  readonly readOnlyToken?: string | undefined
}

export const UNAUTHORIZED = 'WRONGPASS invalid or missing auth token'

/** What the token of a request allows; null for no token or a wrong one. */
export function authorize(request: IncomingMessage, tokens: Tokens): Access | null {
  const presented =
    /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ??
    requestUrl(request).searchParams.get('_token')
  if (!presented) return null
  if (sameText(presented, tokens.token)) return 'full'
  return tokens.readOnlyToken && sameText(presented, tokens.readOnlyToken) ? 'read-only' : null
}

/** Path and query of a request; the host in it means nothing. */
export function requestUrl(request: IncomingMessage): URL {
  const { url = '' } = request
  return new URL(url.startsWith('/') ? `http://localhost${url}` : 'http://localhost')
}

/** Constant time, and hashes first, so that not even the length shows. */
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
}
