'use server'

import { safeRedirectPath } from 'edge-session'
import { redirect } from 'next/navigation'
import { type PasswordFormState, passwordFormState } from '@/password-form-state'
import { signIn } from '@/sign-in'

export async function submitLogin(_state: PasswordFormState, form: FormData): Promise<PasswordFormState> {
  const user = String(form.get('user') ?? '')
  const password = String(form.get('password') ?? '')
  const remember = form.get('remember') !== null
  const state = await passwordFormState({
    attempt: () => signIn({ user, password, remember }),
    user,
    refused: 'User or password is wrong.',
  })
  return state ?? redirect(safeRedirectPath(form.get('next'), '/dashboard'))
}
