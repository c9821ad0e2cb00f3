import { getSessionCookie } from 'better-auth/cookies'
import { type NextRequest, NextResponse } from 'next/server'
import { isProtected, refuse } from '@/protected'

/** As its documentation recommends: the proxy looks whether there is a cookie, the pages whether it is valid. */
export function proxy(request: NextRequest): NextResponse {
  return isProtected(request) && getSessionCookie(request) === null ? refuse(request) : NextResponse.next()
}
