import { Redis } from '@upstash/redis'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { headers } from 'next/headers'

const redis = Redis.fromEnv({ automaticDeserialization: false })

const cookieCacheSeconds = Number(process.env.COOKIE_CACHE_SECONDS ?? 0)

const auth = betterAuth({
  // Users only: with a secondary storage, sessions are in no database.
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  secret: process.env.SESSION_SECRET ?? '',
  // Nobody signs in by a password here; a real hash would only slow the sign-in down.
  emailAndPassword: {
    enabled: true,
    password: { hash: async (password) => password, verify: async () => true },
  },
  session: {
    cookieCache: cookieCacheSeconds > 0 ? { enabled: true, maxAge: cookieCacheSeconds } : { enabled: false },
  },
  secondaryStorage: {
    get: (key) => redis.get<string>(key),
    async set(key, value, ttl) {
      await (ttl ? redis.set(key, value, { ex: ttl }) : redis.set(key, value))
    },
    async delete(key) {
      await redis.del(key)
    },
    getAndDelete: (key) => redis.getdel<string>(key),
    async increment(key, ttl) {
      const count = await redis.incr(key)
      if (count === 1) await redis.expire(key, ttl)
      return count
    },
  },
})

export async function currentUserId(): Promise<string | null> {
  const session = await auth.api.getSession({ headers: await headers() })
  return session?.user.id ?? null
}

export async function signIn(): Promise<Response> {
  const email = `${crypto.randomUUID()}@example.com`
  const { headers: answer, response } = await auth.api.signUpEmail({
    body: { email, name: 'Example', password: crypto.randomUUID() },
    returnHeaders: true,
  })
  return Response.json({ userId: response.user.id }, { headers: answer })
}

export async function revoke(): Promise<void> {
  await auth.api.revokeSessions({ headers: await headers() })
}
