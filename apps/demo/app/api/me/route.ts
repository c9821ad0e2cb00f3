import { protectRoute } from '@/session'

export const GET = protectRoute((_request, { session }) => {
  const { userId, role, data, authenticatedAt } = session
  return Response.json({ userId, role, data, authenticatedAt })
})
