import { protectRoute, revokeAllSessions } from '@/session'

export const POST = protectRoute(async (_request, { session }) =>
  Response.json({ revoked: await revokeAllSessions(session.userId) }),
)
