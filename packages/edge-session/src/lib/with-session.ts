import { type NextFetchEvent, NextRequest, NextResponse } from 'next/server.js'
import type { Recognised } from './engine.ts'
import { mergeForwardedHeaders } from './forwarded-headers.ts'
import type { Respond } from './proxy.ts'
import type { SessionLookup } from './session.ts'

/**
 * Another proxy to run behind the session check, such as next-intl's. Gets the request as the page will see it: without
 * forged headers and dead cookies, with the verified identity.
 */
export type SessionProxyHandler<Data> = (
  request: NextRequest,
  context: { readonly event: NextFetchEvent; readonly lookup: SessionLookup<Data> },
) => NextResponse | Response | undefined | Promise<NextResponse | Response | undefined>

/** Lets `handler` make the response, and puts our request headers into whatever it returns. */
export function respondWith<Data>(handler: SessionProxyHandler<Data>): Respond<Data> {
  return async ({ request, event, headers, current }) => {
    const seen = headers === null ? request : withHeaders(request, headers)
    const response = (await handler(seen, { event, lookup: publicLookup(current) })) ?? NextResponse.next()
    return asNextResponse(headers === null ? response : mergeForwardedHeaders(response, headers))
  }
}

/** What is known of base path and locale stays: only Next.js knows the app's configuration. */
function withHeaders(request: NextRequest, headers: Headers): NextRequest {
  // One by one, as in the edge runtime of Next.js 15 nothing but the address would be taken over.
  const { method, body, signal, nextUrl } = request
  const seen = new NextRequest(request, { method, headers, signal, body, duplex: 'half' })
  return Object.defineProperty(seen, 'nextUrl', { value: nextUrl })
}

function publicLookup<Data>(current: Recognised<Data>): SessionLookup<Data> {
  if (current.outcome === 'active') return { outcome: 'active', session: current.session }
  if (current.outcome === 'none') return { outcome: 'none', reason: current.reason }
  return { outcome: 'unknown', error: current.error }
}

/** A response whose headers may be changed. */
function asNextResponse(response: Response): NextResponse {
  const { status, statusText, headers } = response
  return response instanceof NextResponse
    ? response
    : new NextResponse(response.body, { status, statusText, headers })
}
