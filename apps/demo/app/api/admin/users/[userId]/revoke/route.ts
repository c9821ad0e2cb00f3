import { protectRoute, revokeAllSessions } from '@/session'

export const POST = protectRoute<RouteContext<'/api/admin/users/[userId]/revoke'>>(
  async (_request, { params }) => {
    const { userId } = await params
    return Response.json({ revoked: await revokeAllSessions(userId) })
  },
  { allow: (session) => session.role === 'admin' },
)
