'use server'

import { revalidatePath } from 'next/cache'
import { requireSession, revokeOtherSessions, revokeSession } from '@/session'

/** For browsers without JavaScript; the others ask /api/sessions. */
export async function endSession(form: FormData): Promise<void> {
  await requireSession({ returnTo: '/dashboard/sessions' })
  await revokeSession(String(form.get('id') ?? ''))
  revalidatePath('/dashboard/sessions')
}

export async function endOtherSessions(): Promise<void> {
  await requireSession({ returnTo: '/dashboard/sessions' })
  await revokeOtherSessions()
  revalidatePath('/dashboard/sessions')
}
