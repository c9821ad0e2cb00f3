'use server'

import { requireSession } from '@/session'

export async function askServer(): Promise<string> {
  await requireSession()
  return 'secret:action'
}
