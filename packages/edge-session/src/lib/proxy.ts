import { type NextFetchEvent, type NextRequest, NextResponse } from 'next/server.js'
import { clearedCookie, cookieValues, issuedCookie, serialiseCookie, withCookie } from './cookie.ts'
import type { Engine, Recognised } from './engine.ts'
import { mergeForwardedHeaders } from './forwarded-headers.ts'
import type { Verdict } from './guard.ts'
import { encodeUserId, IDENTITY_HEADER, USER_ID_HEADER } from './identity.ts'
import { cookieIsDead } from './lookup.ts'
import { MALFORMED_PATH, NEVER_STORE, problemResponse } from './problem.ts'
import { refuse } from './refusal.ts'
import type { SessionLookup } from './session.ts'
import type { OpenToken } from './token.ts'

/** What `proxy.ts` and `middleware.ts` export. */
export type ProxyFunction = (request: NextRequest, event: NextFetchEvent) => Promise<NextResponse>

/**
 * Another proxy to run behind the session check, such as next-intl's. Gets the request as the page will see it: without
 * forged headers and dead cookies, with the verified identity.
 */
export type SessionProxyHandler<Data> = (
  request: NextRequest,
  context: { readonly event: NextFetchEvent; readonly lookup: SessionLookup<Data> },
) => NextResponse | Response | undefined | Promise<NextResponse | Response | undefined>

const UNGUARDED = { protected: false, api: false, whenUnknown: 'continue', allow: () => true } as const

export function createProxyFunction<Data>(
  engine: Engine<Data>,
  handler?: SessionProxyHandler<Data>,
): ProxyFunction {
  const { config, guard } = engine
  const cleared = serialiseCookie(clearedCookie(config.cookie))

  return async function proxy(request, event) {
    const verdict: Verdict<Data> | null = guard.active ? guard.judge(request.nextUrl.pathname) : UNGUARDED
    if (verdict === null) return asNextResponse(problemResponse(MALFORMED_PATH))
    const cookieHeader = request.headers.get('cookie')
    const presented = cookieValues(cookieHeader, config.cookie.name)
    const started = config.now()
    const recognised = await engine.recognise(presented)
    const timing = `session;desc="${recognised.outcome}";dur=${config.now() - started}`
    const refusal = refuse({ request, verdict, recognised, signIn: guard.signIn })
    const clears = recognised.outcome === 'none' && cookieIsDead(recognised.reason)
    if (refusal !== null) {
      refusal.headers.set('cache-control', NEVER_STORE)
      if (clears) refusal.headers.append('set-cookie', cleared)
      if (config.serverTiming) refusal.headers.append('server-timing', timing)
      return refusal
    }

    const renewed = recognised.outcome === 'active' && isRead(request) ? await engine.renew(recognised) : null
    const current = renewed ?? recognised
    const headers = new Headers(request.headers)
    const isPublic = guard.active && !verdict.protected
    const changed = await forward({ engine, headers, current, presented, isPublic })
    const response = await respond({ request, event, headers: changed ? headers : null, handler, current })

    if (current.outcome === 'active' && renewed === null) {
      const touch = engine.touch(current)
      if (touch !== null) event.waitUntil(touch)
    }
    // A response to anything but a plain read may carry a cookie set by the app, after ours: then only one may.
    const setCookie =
      renewed !== null ? cookieFor(engine, renewed) : clears && isRead(request) ? cleared : null
    // Appended raw: `response.cookies` would make Next.js throw away the client's router cache on every server action.
    if (setCookie !== null) response.headers.append('set-cookie', setCookie)
    if (setCookie !== null || verdict.protected) response.headers.set('cache-control', NEVER_STORE)
    if (config.serverTiming) response.headers.append('server-timing', timing)
    return response
  }
}

/** Puts what we know into the request headers for the page. Resolves to whether anything was changed. */
async function forward<Data>(context: {
  engine: Engine<Data>
  headers: Headers
  current: Recognised<Data>
  presented: readonly string[]
  isPublic: boolean
}): Promise<boolean> {
  const { engine, headers, current, presented, isPublic } = context
  const forged = headers.has(USER_ID_HEADER) || headers.has(IDENTITY_HEADER)
  headers.delete(USER_ID_HEADER)
  headers.delete(IDENTITY_HEADER)
  if (presented.length === 0) return forged
  const value = current.outcome === 'none' ? null : current.token.token
  const cookie = withCookie(headers.get('cookie'), { name: engine.config.cookie.name, value })
  if (cookie === null) headers.delete('cookie')
  else headers.set('cookie', cookie)
  if (current.outcome === 'none') return true
  if (current.outcome === 'active') headers.set(USER_ID_HEADER, encodeUserId(current.record.userId))
  const identity = await engine.handOver(current, { isPublic })
  if (identity !== null) headers.set(IDENTITY_HEADER, identity)
  return true
}

async function respond<Data>(context: {
  request: NextRequest
  event: NextFetchEvent
  headers: Headers | null
  handler: SessionProxyHandler<Data> | undefined
  current: Recognised<Data>
}): Promise<NextResponse> {
  const { request, event, headers, handler, current } = context
  if (handler === undefined)
    return headers === null ? NextResponse.next() : NextResponse.next({ request: { headers } })
  const seen =
    headers === null ? request : new (request.constructor as typeof NextRequest)(request, { headers })
  const response = (await handler(seen, { event, lookup: publicLookup(current) })) ?? NextResponse.next()
  return asNextResponse(headers === null ? response : mergeForwardedHeaders(response, headers))
}

function publicLookup<Data>(current: Recognised<Data>): SessionLookup<Data> {
  if (current.outcome === 'active') return { outcome: 'active', session: current.session }
  if (current.outcome === 'none') return { outcome: 'none', reason: current.reason }
  return { outcome: 'unknown', error: current.error }
}

function cookieFor<Data>(engine: Engine<Data>, { token }: { token: OpenToken }): string {
  const { absoluteEnd, remember } = token.claims
  const lifetime = absoluteEnd - engine.config.now()
  return serialiseCookie(issuedCookie(engine.config.cookie, { token: token.token, remember, lifetime }))
}

function isRead(request: NextRequest): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
}

/** A response whose headers may be changed. */
function asNextResponse(response: Response): NextResponse {
  const { status, statusText, headers } = response
  return response instanceof NextResponse
    ? response
    : new NextResponse(response.body, { status, statusText, headers })
}
