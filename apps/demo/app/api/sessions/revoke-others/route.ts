import { protectRoute, revokeOtherSessions } from '@/session'

export const POST = protectRoute(async () => Response.json({ revoked: await revokeOtherSessions() }))
