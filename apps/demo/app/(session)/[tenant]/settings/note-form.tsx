'use client'

import { useActionState } from 'react'
import { SubmitButton } from '@/components/submit-button'
import type { NoteState } from './save-note'

interface NoteFormProps {
  readonly note: string
  readonly save: (state: NoteState, form: FormData) => Promise<NoteState>
}

export function NoteForm({ note, save }: NoteFormProps) {
  const [state, send] = useActionState(save, { note, saved: false, error: null })
  return (
    <form action={send} className="stack">
      <label className="field">
        <span>Note kept in the session</span>
        <input
          name="note"
          defaultValue={state.note}
          aria-invalid={state.error !== null}
          aria-describedby="note-status"
        />
      </label>
      <SubmitButton busy="Saving…">Save</SubmitButton>
      <div id="note-status" aria-live="polite">
        {state.error !== null && <p className="error">{state.error}</p>}
        {state.saved && <p className="quiet">Saved. It goes when the session ends.</p>}
      </div>
    </form>
  )
}
