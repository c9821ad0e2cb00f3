'use client'

import { useActionState } from 'react'
import { SubmitButton } from '@/components/submit-button'

export function RevokeForm({ revoke }: { revoke: (message: string, form: FormData) => Promise<string> }) {
  const [message, send] = useActionState(revoke, '')
  return (
    <form action={send} className="stack">
      <label className="field">
        <span>User</span>
        <input name="user" autoComplete="off" autoCapitalize="none" spellCheck={false} required />
      </label>
      <SubmitButton className="button-danger" busy="Ending…">
        End all sessions
      </SubmitButton>
      <p aria-live="polite">{message}</p>
    </form>
  )
}
