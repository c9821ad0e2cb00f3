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
  attempt: () => Promise<SignInResult>
  user: string
  refused: string
}): Promise<PasswordFormState | null> {
  const error = await messageOf(form)
  return error === null ? null : { user: form.user, error }
}

async function messageOf(form: {
  attempt: () => Promise<SignInResult>
  refused: string
}): Promise<string | null> {
  try {
    const result = await form.attempt()
    if (result.outcome === 'refused') return form.refused
    if (result.outcome === 'limited') return `Too many attempts. Try again in ${result.retryAfter} seconds.`
    return null
  } catch (error) {
    if (!(error instanceof SessionUnknownError)) throw error
    return 'This does not work right now, through no fault of yours. Try again in a moment.'
  }
}
