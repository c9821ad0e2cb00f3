import { normalizeRscURL } from 'next/dist/shared/lib/router/utils/app-paths.js'
import { type NextFetchEvent, NextRequest } from 'next/server.js'
import type { ProxyFunction } from '../../src/lib/proxy.ts'

/** What came of one request to a proxy, as the browser and as the page see it. */
export interface Visit {
  readonly status: number
  readonly response: Response
  readonly setCookies: readonly string[]
  readonly location: string | null
  /** The request headers a page would get; `null` when the proxy answered itself. */
  readonly seen: Headers | null
}

export interface VisitOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  /** What of the app's next.config the request's URL is read with; default: nothing. */
  readonly nextConfig?: NonNullable<ConstructorParameters<typeof NextRequest>[1]>['nextConfig']
  /** Value of our cookie. */
  readonly token?: string
  /** Whole Cookie header. */
  readonly cookie?: string
}

export async function visit(proxy: ProxyFunction, path: string, options: VisitOptions = {}): Promise<Visit> {
  const {
    method = 'GET',
    headers = {},
    nextConfig,
    token,
    cookie = token && `__Host-session=${token}`,
  } = options
  // As Next.js does before any proxy.
  const url = normalizeRscURL(new URL(path, 'https://app.test').href)
  const request = new NextRequest(url, {
    method,
    headers: { ...headers, ...(cookie && { cookie }) },
    ...(nextConfig && { nextConfig }),
  })
  const pending: Promise<unknown>[] = []
  // Next.js exports only the type of the event; this is the part of it that a proxy may use.
  const event = { waitUntil: (work: Promise<unknown>) => pending.push(work) } as unknown as NextFetchEvent
  const response = await proxy(request, event)
  await Promise.all(pending)
  return {
    status: response.status,
    response,
    setCookies: response.headers.getSetCookie(),
    location: response.headers.get('location'),
    seen: response.headers.has('x-middleware-next') ? seenByPage(request, response) : null,
  }
}

/** Next.js' own rule: with a list, exactly the listed headers reach the page, as given; without one, the request's own. */
function seenByPage(request: NextRequest, response: Response): Headers {
  const list = response.headers.get('x-middleware-override-headers')
  if (list === null) return new Headers(request.headers)
  const names = list.split(',').filter((name) => name !== '')
  return new Headers(names.map((name) => [name, response.headers.get(`x-middleware-request-${name}`) ?? '']))
}
