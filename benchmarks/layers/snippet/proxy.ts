import { Redis } from '@upstash/redis'
import { type NextRequest, NextResponse } from 'next/server'
import { isProtected, refuse } from '@/protected'

const redis = Redis.fromEnv()

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const id = request.cookies.get('session')?.value
  const session = id ? await redis.get<{ userId: string }>(`session:${id}`) : null
  const headers = new Headers(request.headers)
  headers.delete('x-user-id')
  if (session === null) {
    const response = isProtected(request) ? refuse(request) : NextResponse.next({ request: { headers } })
    if (id) response.cookies.delete('session')
    return response
  }
  headers.set('x-user-id', session.userId)
  return NextResponse.next({ request: { headers } })
}
