import { getIronSession, type IronSession, type SessionOptions } from 'iron-session'
import { cookies } from 'next/headers'

interface SessionData {
  userId?: string
}

const options: SessionOptions = {
  cookieName: 'iron-session',
  password: process.env.SESSION_SECRET ?? '',
}

export async function ironSession(): Promise<IronSession<SessionData>> {
  return getIronSession<SessionData>(await cookies(), options)
}

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
