'use server'

import { requireSession, revokeAllSessions } from '@/session'
import { isAdmin } from './is-admin'

export async function revokeUser(_message: string, form: FormData): Promise<string> {
  await requireSession({ allow: isAdmin })
  const user = String(form.get('user') ?? '')
  const revoked = user === '' ? 0 : await revokeAllSessions(user)
  if (revoked === 0) return 'No sessions to end.'
  return revoked === 1 ? 'One session ended.' : `${revoked} sessions ended.`
}
