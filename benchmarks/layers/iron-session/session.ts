import { getIronSession, type IronSession, type SessionOptions } from 'iron-session'
import { cookies } from 'next/headers'
import { cache } from 'react'

interface SessionData {
  userId?: string
}

const options: SessionOptions = {
  cookieName: 'iron-session',
  password: process.env.SESSION_SECRET ?? '',
}

/** Once for all who ask while a page renders, as its own example has it. */
export const ironSession: () => Promise<IronSession<SessionData>> = cache(async () =>
  getIronSession<SessionData>(await cookies(), options),
)

export async function currentUserId(): Promise<string | null> {
  return (await ironSession()).userId ?? null
}

export async function signIn(): Promise<Response> {
  const session = await ironSession()
  const userId = crypto.randomUUID()
  session.userId = userId
  await session.save()
  return Response.json({ userId })
}

/** All there is: this browser is told to forget the cookie. */
export async function revoke(): Promise<void> {
  const session = await ironSession()
  session.destroy()
}
