import { type NextRequest, NextResponse } from 'next/server'

const PROTECTED = ['/dashboard', '/api/me', '/api/ping']

export function isProtected({ nextUrl }: NextRequest): boolean {
  return PROTECTED.some((path) => nextUrl.pathname === path || nextUrl.pathname.startsWith(`${path}/`))
}

/** What the proxies of all layers answer to a visitor without a session. */
export function refuse(request: NextRequest): NextResponse {
  if (request.nextUrl.pathname.startsWith('/api/')) return new NextResponse(null, { status: 401 })
  return NextResponse.redirect(new URL('/login', request.url))
}
