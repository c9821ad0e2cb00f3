import { readJsonObject } from '@/json-object'
import { problem } from '@/problem'
import { publicRoute } from '@/session'
import { signIn } from '@/sign-in'
import { refusal } from '../refusal'

export const POST = publicRoute(async (request) => {
  const { user, pass, remember = true } = (await readJsonObject(request)) ?? {}
  if (typeof user !== 'string' || typeof pass !== 'string' || typeof remember !== 'boolean') {
    return problem(400, { title: 'Send {"user", "pass", "remember"?} as JSON', code: 'ERR_BODY' })
  }
  const result = await signIn({ user, password: pass, remember })
  return result.outcome === 'signed-in' ? Response.json({ userId: result.userId }) : refusal(result)
})
