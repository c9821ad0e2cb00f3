import { readJsonObject } from '@/json-object'
import { problem } from '@/problem'
import { protectRoute, sessionHandlers, updateSession } from '@/session'

/** What `useSession()` asks. */
export const { GET } = sessionHandlers().session

export const PATCH = protectRoute(async (request) => {
  const change = await readJsonObject(request)
  if (change === null) return problem(400, { title: 'Send a JSON object', code: 'ERR_BODY' })
  const { data } = await updateSession(change)
  return Response.json({ data })
})
