import 'server-only'
import { clientAddress } from './client-address'
import { countAttempt } from './login-limit'
import { createSession, lookupSession, reauthenticate, requireSession } from './session'
import { checkPassword } from './users'

export type SignInResult =
  | { readonly outcome: 'signed-in'; readonly userId: string }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'limited'; readonly retryAfter: number }

export interface Credentials {
  readonly user: string
  readonly password: string
  readonly remember?: boolean
}

/**
 * What the form and POST /api/auth/login have in common. Unknown users and wrong passwords look the same.
 * @throws SessionUnknownError when KV does not answer.
 */
export async function signIn({ user, password, remember = true }: Credentials): Promise<SignInResult> {
  // Free: the proxy has asked already. When KV is down, nobody should learn whether the password was right.
  const lookup = await lookupSession()
  if (lookup.outcome === 'unknown') throw lookup.error
  const address = await clientAddress()
  const attempt = await countAttempt({ user, address })
  if (!attempt.allowed) return { outcome: 'limited', retryAfter: attempt.retryAfter }
  const found = await checkPassword({ id: user, password })
  if (found === null) return { outcome: 'refused' }
  await createSession({ userId: found.id, role: found.role, remember, ip: address })
  return { outcome: 'signed-in', userId: found.id }
}

/** The signed-in user's password once more: the session gets a new id and counts as just signed in. */
export async function confirmPassword(password: string): Promise<SignInResult> {
  const { userId } = await requireSession()
  const attempt = await countAttempt({ user: userId, address: await clientAddress() })
  if (!attempt.allowed) return { outcome: 'limited', retryAfter: attempt.retryAfter }
  const found = await checkPassword({ id: userId, password })
  if (found === null) return { outcome: 'refused' }
  await reauthenticate({ role: found.role })
  return { outcome: 'signed-in', userId }
}
