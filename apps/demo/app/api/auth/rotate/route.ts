import { SessionNotFoundError } from 'edge-session'
import { protectRoute, rotateSession } from '@/session'

export const POST = protectRoute(async () => {
  const rotated = await rotateSession()
  // Ended elsewhere, since this request was let in.
  if (rotated === null) throw new SessionNotFoundError()
  return new Response(null, { status: 204 })
})
