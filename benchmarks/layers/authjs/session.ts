import { UpstashRedisAdapter } from '@auth/upstash-redis-adapter'
import { Redis } from '@upstash/redis'
import { cookies } from 'next/headers'
import NextAuth from 'next-auth'
import { isProtected, refuse } from '@/protected'

const COOKIE = 'authjs.session-token'

const adapter = UpstashRedisAdapter(Redis.fromEnv())

export const { auth } = NextAuth({
  adapter,
  secret: process.env.SESSION_SECRET ?? '',
  trustHost: true,
  session: { strategy: 'database' },
  pages: { signIn: '/login' },
  providers: [],
  callbacks: {
    authorized: ({ auth: session, request }) => (session || !isProtected(request) ? true : refuse(request)),
    session({ session, user }) {
      session.user.id = user.id
      return session
    },
  },
})

export async function currentUserId(): Promise<string | null> {
  return (await auth())?.user?.id ?? null
}

/** What its callback handler does with an adapter when a provider has said who it is. */
export async function signIn(): Promise<Response> {
  const expires = new Date(Date.now() + 30 * 86_400_000)
  const sessionToken = crypto.randomUUID()
  const email = `${sessionToken}@example.com`
  const user = await adapter.createUser?.({ id: '', email, emailVerified: null })
  if (user === undefined) throw new Error('The adapter creates no users.')
  await adapter.createSession?.({ sessionToken, userId: user.id, expires })
  const cookieStore = await cookies()
  cookieStore.set(COOKIE, sessionToken, { httpOnly: true, sameSite: 'lax', path: '/', expires })
  return Response.json({ userId: user.id })
}

export async function revoke(): Promise<void> {
  const token = (await cookies()).get(COOKIE)?.value
  if (token !== undefined) await adapter.deleteSession?.(token)
}
