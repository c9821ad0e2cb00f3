import { listSessions, protectRoute } from '@/session'

export const GET = protectRoute(async () => {
  const sessions = await listSessions()
  return Response.json(
    sessions.map(({ id, current, createdAt, lastSeenAt, userAgent, ip }) => ({
      id,
      current,
      createdAt,
      lastSeenAt,
      userAgent,
      ip,
    })),
  )
})
