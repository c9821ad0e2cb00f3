import { type NextRequest, NextResponse } from 'next/server'
import { isProtected, refuse } from '@/protected'
import { ironSession } from './session'

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const session = await ironSession()
  return session.userId === undefined && isProtected(request) ? refuse(request) : NextResponse.next()
}
