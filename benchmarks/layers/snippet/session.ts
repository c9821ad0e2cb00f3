import { Redis } from '@upstash/redis'
import { cookies } from 'next/headers'

const redis = Redis.fromEnv()

export async function currentUserId(): Promise<string | null> {
  const id = (await cookies()).get('session')?.value
  const session = id ? await redis.get<{ userId: string }>(`session:${id}`) : null
  return session?.userId ?? null
}

export async function signIn(): Promise<Response> {
  const userId = crypto.randomUUID()
  const id = crypto.randomUUID()
  await redis.set(`session:${id}`, { userId }, { ex: 7 * 86_400 })
  const cookieStore = await cookies()
  cookieStore.set('session', id, { httpOnly: true, secure: true, sameSite: 'lax', path: '/' })
  return Response.json({ userId })
}

export async function revoke(): Promise<void> {
  const id = (await cookies()).get('session')?.value
  if (id) await redis.del(`session:${id}`)
}
