'use server'

import { SessionUnknownError } from 'edge-session'
import { redirect } from 'next/navigation'
import { destroySession } from './session'

export async function signOut(): Promise<void> {
  let outcome = 'done'
  try {
    await destroySession()
  } catch (error) {
    if (!(error instanceof SessionUnknownError)) throw error
    // The browser has forgotten the session, KV may not have.
    outcome = 'unconfirmed'
  }
  redirect(`/login?signed-out=${outcome}`)
}
