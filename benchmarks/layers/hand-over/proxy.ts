import { type NextRequest, NextResponse } from 'next/server'
import { isProtected, refuse } from '@/protected'

/** What every proxy pays that tells the pages who is there, before it has checked anything. */
export function proxy(request: NextRequest): NextResponse {
  const userId = request.cookies.get('session')?.value
  if (userId === undefined) return isProtected(request) ? refuse(request) : NextResponse.next()
  const headers = new Headers(request.headers)
  headers.set('x-user-id', userId)
  return NextResponse.next({ request: { headers } })
}
