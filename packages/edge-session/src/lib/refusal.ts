import { type NextRequest, NextResponse } from 'next/server.js'
import type { Recognised } from './engine.ts'
import type { Verdict } from './guard.ts'
import { FORBIDDEN, type Problem, problemResponse, SIGN_IN_REQUIRED, TEMPORARILY_UNKNOWN } from './problem.ts'

/** The guard's own answer to a request that may not pass, in the form its sender understands; `null` if it may. */
export function refuse<Data>(context: {
  request: NextRequest
  verdict: Verdict<Data>
  recognised: Recognised<Data>
  signIn: string
}): NextResponse | null {
  const { request, verdict, recognised, signIn } = context
  if (!verdict.protected) return null
  if (recognised.outcome === 'none') return askToSignIn({ request, api: verdict.api, signIn })
  if (recognised.outcome === 'unknown') {
    return verdict.whenUnknown === 'refuse'
      ? answer({ request, api: verdict.api, problem: TEMPORARILY_UNKNOWN })
      : null
  }
  return verdict.allow(recognised.session) ? null : answer({ request, api: verdict.api, problem: FORBIDDEN })
}

/**
 * - server action: 401, with the header by which Next.js' client moves to the sign-in page. A redirect would make the
 *   browser post, and so run, the action there.
 * - API: 401 JSON.
 * - page: 307, which Next.js' client follows for its own requests as well.
 * - posted form: 303, so that it is not posted again.
 */
function askToSignIn({
  request,
  api,
  signIn,
}: {
  request: NextRequest
  api: boolean
  signIn: string
}): NextResponse {
  const { pathname, search } = request.nextUrl
  const query = `?next=${encodeURIComponent(pathname + search)}`
  if (request.headers.has('next-action')) {
    const headers = { 'x-action-redirect': `${signIn}${query};replace`, 'content-type': 'text/plain' }
    return new NextResponse(SIGN_IN_REQUIRED.title, { status: 401, headers })
  }
  if (api || prefersJson(request)) return problemAsJson(SIGN_IN_REQUIRED)
  const url = request.nextUrl.clone()
  url.pathname = signIn
  url.search = query
  url.hash = ''
  return NextResponse.redirect(url, request.method === 'GET' || request.method === 'HEAD' ? 307 : 303)
}

function answer({
  request,
  api,
  problem,
}: {
  request: NextRequest
  api: boolean
  problem: Problem
}): NextResponse {
  if (api || prefersJson(request)) return problemAsJson(problem)
  const { status, title, headers = {} } = problem
  if (request.headers.has('next-action')) {
    return new NextResponse(title, { status, headers: { ...headers, 'content-type': 'text/plain' } })
  }
  const hint =
    status === 503
      ? 'You are still signed in. Try again in a moment.'
      : 'You are signed in, but not for this page.'
  const body = `<!doctype html><html lang=en><meta name=viewport content=width=device-width><meta name=color-scheme content="light dark"><title>${title}</title><body style="font:1rem/1.5 system-ui;margin:20vh auto;width:20rem"><h1>${title}</h1><p>${hint}${status === 503 ? ' <a href="">Try again</a>' : ''}`
  return new NextResponse(body, {
    status,
    headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
  })
}

/** As `problemResponse`, in the class that Next.js wants of a proxy. */
export function problemAsJson(problem: Problem): NextResponse {
  const { body, status, headers } = problemResponse(problem)
  return new NextResponse(body, { status, headers })
}

/** A client that asks for JSON and not for a page. */
function prefersJson(request: NextRequest): boolean {
  const accept = request.headers.get('accept') ?? ''
  return /application\/(?:[\w.+-]+\+)?json/i.test(accept) && !/text\/html/i.test(accept)
}
