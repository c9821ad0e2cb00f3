import { protectRoute, rotateSession } from '@/session'

export const POST = protectRoute(async () => {
  await rotateSession()
  return new Response(null, { status: 204 })
})
