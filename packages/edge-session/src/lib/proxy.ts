import { type NextFetchEvent, type NextRequest, NextResponse } from 'next/server.js'
import {
  clearedCookies,
  cookieValues,
  issuedCookie,
  serialiseCookie,
  snapshotValues,
  withCookie,
} from './cookie.ts'
import type { Engine, Recognised } from './engine.ts'
import { encodeUserId, IDENTITY_HEADER, USER_ID_HEADER } from './identity.ts'
import { mayClearCookie } from './lookup.ts'
import { PASSIVE_HEADER } from './passive-header.ts'
import { MALFORMED_PATH, NEVER_STORE } from './problem.ts'
import { problemAsJson, refuse } from './refusal.ts'
import type { OpenToken } from './token.ts'

/** What `proxy.ts` and `middleware.ts` export. */
export type ProxyFunction = (request: NextRequest, event: NextFetchEvent) => Promise<NextResponse>

/** Makes the response to a request that may pass. `headers`: what the page is to see, `null` for no change. */
export type Respond<Data> = (context: {
  readonly request: NextRequest
  readonly event: NextFetchEvent
  readonly headers: Headers | null
  readonly current: Recognised<Data>
}) => NextResponse | Promise<NextResponse>

export function createProxyFunction<Data>(
  engine: Engine<Data>,
  respond: Respond<Data> = passOn,
): ProxyFunction {
  const { config, guard } = engine
  const cleared = clearedCookies(config).map(serialiseCookie)

  return async function proxy(request, event) {
    const verdict = guard.judge(request.nextUrl.pathname)
    if (verdict === null) return problemAsJson(MALFORMED_PATH)
    const cookieHeader = request.headers.get('cookie')
    const presented = cookieValues(cookieHeader, config.cookie.name)
    const started = config.now()
    // A page that asked KV sends a visitor to sign in whom the cache still takes for signed in: that would go in circles.
    const fresh = config.cache !== null && verdict.isSignIn
    const copies = snapshotValues(cookieHeader, config.snapshotCookie)
    const recognised = await engine.recognise(presented, { fresh, copies })
    const took = config.now() - started
    const timing = `session;desc="${recognised.outcome}";dur=${took}`
    const refusal = refuse({ request, verdict, recognised, signIn: guard.signIn })
    const clears = recognised.outcome === 'none' && mayClearCookie(recognised.reason, request.headers)
    if (refusal !== null) {
      refusal.headers.set('cache-control', NEVER_STORE)
      if (config.serverTiming) refusal.headers.append('server-timing', timing)
      return clears ? withCookies(refusal, cleared) : refusal
    }

    const passive = request.headers.has(PASSIVE_HEADER)
    const lasting = recognised.outcome === 'active' && !recognised.stale && !passive
    const renews =
      lasting &&
      // KV that took its time is not asked for more: by default an answer stays within two seconds. To hand out the token
      // of a rotation that is done costs nothing.
      (took <= config.kvTimeout / 2 || recognised.reissue !== null) &&
      isRead(request) &&
      !(await isAskedByPage(engine, { request, presented }))
    const renewed = renews ? await engine.renew(recognised) : null
    const current = renewed ?? recognised
    const copy = renews && renewed === null ? await engine.snapshotOf(recognised) : null
    const isPublic = guard.active && !verdict.protected
    const headers = await forward({ engine, request, current, presented, copies, isPublic })
    const response = await respond({ request, event, headers, current })

    if (current.outcome === 'active' && lasting) {
      const touch = engine.touch(current)
      if (touch !== null) event.waitUntil(touch)
    }
    // A response to anything but a plain read may carry a cookie set by the app, after ours: then only one may.
    const setCookies = clears && isRead(request) ? [...cleared] : []
    if (renewed !== null) setCookies.push(cookieFor(engine, renewed))
    if (copy !== null) setCookies.push(serialiseCookie(copy))
    const isOwn = setCookies.length > 0 || verdict.protected || isSentAlong(request)
    if (isOwn) response.headers.set('cache-control', NEVER_STORE)
    if (config.serverTiming) response.headers.append('server-timing', timing)
    return setCookies.length > 0 ? withCookies(response, setCookies) : response
  }
}

function withCookies(response: NextResponse, setCookies: readonly string[]): NextResponse {
  // Appended raw: `response.cookies` would make Next.js throw away the client's router cache on every server action.
  for (const cookie of setCookies) response.headers.append('set-cookie', cookie)
  // One whose `cookies` know what is in its headers: else whoever sets another cookie there would lose ours.
  return new NextResponse(response.body, response)
}

/** The request headers as the page is to see them; `null` where they are the visitor's own. */
async function forward<Data>(context: {
  engine: Engine<Data>
  request: NextRequest
  current: Recognised<Data>
  presented: readonly string[]
  copies: readonly string[]
  isPublic: boolean
}): Promise<Headers | null> {
  const { engine, request, current, presented, copies, isPublic } = context
  const { cookie: ours, snapshotCookie } = engine.config
  const forged = request.headers.has(USER_ID_HEADER) || request.headers.has(IDENTITY_HEADER)
  if (presented.length === 0 && copies.length === 0 && !forged) return null
  const headers = new Headers(request.headers)
  headers.delete(USER_ID_HEADER)
  headers.delete(IDENTITY_HEADER)
  if (presented.length === 0 && copies.length === 0) return headers
  const value = current.outcome === 'none' ? null : current.token.token
  const kept = withCookie(request.headers.get('cookie'), { name: ours.name, value })
  // The page is told who is there; copies are between the browser and proxies.
  const cookie = snapshotCookie === null ? kept : withCookie(kept, { name: snapshotCookie.name, value: null })
  if (cookie === null) headers.delete('cookie')
  else headers.set('cookie', cookie)
  if (current.outcome === 'none') return headers
  if (current.outcome === 'active') headers.set(USER_ID_HEADER, encodeUserId(current.record.userId))
  const identity = await engine.handOver(current, { isPublic })
  if (identity !== null) headers.set(IDENTITY_HEADER, identity)
  return headers
}

function cookieFor<Data>(engine: Engine<Data>, { token }: { token: OpenToken }): string {
  const { absoluteEnd, remember } = token.claims
  const lifetime = absoluteEnd - engine.config.now()
  return serialiseCookie(issuedCookie(engine.config.cookie, { value: token.token, remember, lifetime }))
}

/**
 * Where a server action redirects to, Next.js asks by itself, with the headers that we gave the action, and drops the
 * cookies of the answer.
 */
async function isAskedByPage<Data>(
  engine: Engine<Data>,
  { request, presented }: { request: NextRequest; presented: readonly string[] },
): Promise<boolean> {
  const ours = request.headers.get(IDENTITY_HEADER)
  return ours !== null && (await engine.isHandedOver(ours, presented))
}

/**
 * Where a server action redirects to, Next.js asks for the page with the headers of the action's request and answer, and
 * sends it under the cookies of the action, with the `Cache-Control` of a page that is the same for all.
 */
function isSentAlong({ headers }: NextRequest): boolean {
  return headers.has('x-action-redirect')
}

function isRead(request: NextRequest): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
}

function passOn({ headers }: { headers: Headers | null }): NextResponse {
  return headers === null ? NextResponse.next() : NextResponse.next({ request: { headers } })
}
