import 'server-only'
import { SessionUnknownError } from 'edge-session'
import type { SignInResult } from './sign-in'

export interface PasswordFormState {
  /** Given back, so that nobody types it twice. */
  readonly user: string
  readonly error: string | null
}

/** What to tell a visitor whose attempt failed; `null` if it did not. */
export async function passwordFormState(form: {
  user: string
  attempt: () => Promise<SignInResult>
}): Promise<PasswordFormState | null> {
  const error = await messageOf(form.attempt)
  return error === null ? null : { user: form.user, error }
}

async function messageOf(attempt: () => Promise<SignInResult>): Promise<string | null> {
  try {
    const result = await attempt()
    if (result.outcome === 'refused') return 'That is not right. Check what you entered.'
    if (result.outcome === 'limited') return `Too many attempts. Try again in ${result.retryAfter} seconds.`
    return null
  } catch (error) {
    if (!(error instanceof SessionUnknownError)) throw error
    return 'This does not work right now, through no fault of yours. Try again in a moment.'
  }
}
