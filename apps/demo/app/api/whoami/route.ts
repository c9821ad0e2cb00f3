import { decodeUserId, USER_ID_HEADER } from 'edge-session'
import { getSession, publicRoute } from '@/session'

export const GET = publicRoute(async (request) => {
  const session = await getSession()
  return Response.json({
    header: decodeUserId(request.headers.get(USER_ID_HEADER)),
    session: session?.userId ?? null,
  })
})
