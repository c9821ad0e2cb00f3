'use server'

import { safeRedirectPath } from 'edge-session'
import { redirect } from 'next/navigation'
import { type PasswordFormState, passwordFormState } from '@/password-form-state'
import { confirmPassword } from '@/sign-in'

export async function submitPassword(_state: PasswordFormState, form: FormData): Promise<PasswordFormState> {
  const password = String(form.get('password') ?? '')
  const state = await passwordFormState({
    attempt: () => confirmPassword(password),
    user: '',
    refused: 'That is not your password.',
  })
  return state ?? redirect(safeRedirectPath(form.get('next'), '/dashboard'))
}
