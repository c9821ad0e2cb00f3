'use server'

import { revalidatePath } from 'next/cache'
import { requireSession, revokeOtherSessions, revokeSession } from '@/session'

export async function endSession(_message: string, form: FormData): Promise<string> {
  await requireSession()
  const ended = await revokeSession(String(form.get('id') ?? ''))
  revalidatePath('/dashboard/sessions')
  return ended ? 'Session ended.' : 'That session had already ended.'
}

export async function endOtherSessions(): Promise<string> {
  await requireSession()
  const ended = await revokeOtherSessions()
  revalidatePath('/dashboard/sessions')
  return ended === 1 ? 'One other session ended.' : `${ended} other sessions ended.`
}
