'use server'

import { SessionTooLargeError } from 'edge-session'
import { requireSession, updateSession } from '@/session'

export interface NoteState {
  readonly note: string
  readonly saved: boolean
  readonly error: string | null
}

export async function saveNote(_state: NoteState, form: FormData): Promise<NoteState> {
  await requireSession()
  const note = String(form.get('note') ?? '')
  try {
    await updateSession({ note })
    return { note, saved: true, error: null }
  } catch (error) {
    if (!(error instanceof SessionTooLargeError)) throw error
    return { note, saved: false, error: 'This is too long for a session. Nothing was changed.' }
  }
}
