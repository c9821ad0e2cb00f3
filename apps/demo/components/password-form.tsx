'use client'

import { useActionState } from 'react'
import type { PasswordFormState } from '@/password-form-state'
import { SubmitButton } from './submit-button'

interface PasswordFormProps {
  readonly submit: (state: PasswordFormState, form: FormData) => Promise<PasswordFormState>
  readonly next: string
  readonly button: { readonly label: string; readonly busy: string }
  readonly asksUser?: boolean
}

/** A plain form with a server action: works before, and without, JavaScript. */
export function PasswordForm({ submit, next, button, asksUser = false }: PasswordFormProps) {
  const [state, send] = useActionState(submit, { user: '', error: null })
  const invalid = { 'aria-invalid': state.error !== null, 'aria-describedby': 'form-error' }
  return (
    <form action={send} className="stack">
      <div id="form-error" role="alert">
        {state.error !== null && <p className="error">{state.error}</p>}
      </div>
      {asksUser && (
        <label className="field">
          <span>User</span>
          <input
            name="user"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            defaultValue={state.user}
            key={state.user}
            {...invalid}
          />
        </label>
      )}
      <label className="field">
        <span>Password</span>
        <input name="password" type="password" autoComplete="current-password" required {...invalid} />
      </label>
      {asksUser && (
        <label className="choice">
          <input name="remember" type="checkbox" defaultChecked />
          <span>Stay signed in on this device</span>
        </label>
      )}
      <input name="next" type="hidden" value={next} />
      <SubmitButton busy={button.busy}>{button.label}</SubmitButton>
    </form>
  )
}
