import { readJsonObject } from '@/json-object'
import { problem } from '@/problem'
import { lookupSession, protectRoute, publicRoute, updateSession } from '@/session'

export const GET = publicRoute(async () => {
  const lookup = await lookupSession()
  if (lookup.outcome === 'unknown') throw lookup.error
  if (lookup.outcome === 'none') return Response.json({ session: null })
  const { id, userId, role, data, authenticatedAt, expiresAt } = lookup.session
  return Response.json({ session: { id, userId, role, data, authenticatedAt, expiresAt } })
})

export const PATCH = protectRoute(async (request) => {
  const change = await readJsonObject(request)
  if (change === null) return problem(400, { title: 'Send a JSON object', code: 'ERR_BODY' })
  const { data } = await updateSession(change)
  return Response.json({ data })
})
