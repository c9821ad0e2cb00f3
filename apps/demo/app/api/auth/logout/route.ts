import { destroySession, publicRoute } from '@/session'

// Not protected: signing out twice is fine, and with KV down the browser still forgets its cookie.
export const POST = publicRoute(async () => {
  await destroySession()
  return new Response(null, { status: 204 })
})
