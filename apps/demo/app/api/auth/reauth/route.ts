import { readJsonObject } from '@/json-object'
import { problem } from '@/problem'
import { protectRoute } from '@/session'
import { confirmPassword } from '@/sign-in'
import { refusal } from '../refusal'

export const POST = protectRoute(async (request) => {
  const { pass } = (await readJsonObject(request)) ?? {}
  if (typeof pass !== 'string') return problem(400, { title: 'Send {"pass"} as JSON', code: 'ERR_BODY' })
  const result = await confirmPassword(pass)
  return result.outcome === 'signed-in' ? new Response(null, { status: 204 }) : refusal(result)
})
