import { problem } from '@/problem'
import type { SignInResult } from '@/sign-in'

/** Why a password did not get anyone in, for an API. */
export function refusal(result: Exclude<SignInResult, { outcome: 'signed-in' }>): Response {
  if (result.outcome === 'refused') {
    return problem(401, { title: 'User or password is wrong', code: 'ERR_CREDENTIALS' })
  }
  const headers = { 'retry-after': String(result.retryAfter) }
  return problem(429, { title: 'Too many attempts', code: 'ERR_TOO_MANY_ATTEMPTS', headers })
}
