'use client'

import { useSession } from 'edge-session/react'
import { Moment } from './moment'

/** When the session ends if it is not used; the browser knows of uses that came after the page. */
export function SessionExpiry() {
  const { session } = useSession()
  return session === null ? null : <Moment at={session.expiresAt} />
}
