import { problem } from '@/problem'
import { protectRoute, revokeSession } from '@/session'

export const DELETE = protectRoute<RouteContext<'/api/sessions/[id]'>>(async (_request, { params }) => {
  const { id } = await params
  return (await revokeSession(id))
    ? new Response(null, { status: 204 })
    : problem(404, { title: 'You have no such session', code: 'ERR_NOT_FOUND' })
})
