import { createEdgeSession } from 'edge-session'
import { options } from './options'

export const { proxy, getSession, createSession, destroySession } = createEdgeSession(options)

export async function currentUserId(): Promise<string | null> {
  return (await getSession())?.userId ?? null
}

export async function signIn(): Promise<Response> {
  const { userId } = await createSession({ userId: crypto.randomUUID() })
  return Response.json({ userId })
}

/** All there is: this browser is told to forget the cookie. */
export async function revoke(): Promise<void> {
  await destroySession()
}
