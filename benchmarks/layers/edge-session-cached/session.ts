import { createEdgeSession } from 'edge-session'
import { options } from './options'

export const { proxy, getSession, createSession, revokeAllSessions } = createEdgeSession(options)

export async function currentUserId(): Promise<string | null> {
  return (await getSession())?.userId ?? null
}

export async function signIn(): Promise<Response> {
  const { userId } = await createSession({ userId: crypto.randomUUID() })
  return Response.json({ userId })
}

export async function revoke(): Promise<void> {
  const session = await getSession()
  if (session) await revokeAllSessions(session.userId)
}
