import { SessionUnknownError } from 'edge-session'
import type { ClientListedSession } from 'edge-session/react'
import type { Metadata } from 'next'
import { StatelessNotice } from '@/components/stateless-notice'
import { listSessions, requireSession } from '@/session'
import { isStateless } from '@/session-options'
import { DeviceList } from './device-list'

export const metadata: Metadata = { title: 'Devices' }

export default async function Sessions() {
  await requireSession({ returnTo: '/dashboard/sessions' })
  return (
    <>
      <h1>Devices</h1>
      {isStateless ? <StatelessNotice /> : <Devices />}
    </>
  )
}

async function Devices() {
  return (
    <>
      <p className="lede">
        Where you are signed in. End what you do not recognise, then change your password.
      </p>
      <DeviceList sessions={await sessionsForBrowser()} />
    </>
  )
}

/** No more than the list shows. `undefined`: not known, so the browser asks again. */
async function sessionsForBrowser(): Promise<readonly ClientListedSession[] | undefined> {
  try {
    const sessions = await listSessions()
    return sessions.map(({ id, current, createdAt, lastSeenAt, userAgent, ip }) => ({
      id,
      current,
      createdAt,
      lastSeenAt,
      userAgent,
      ip,
    }))
  } catch (error) {
    if (error instanceof SessionUnknownError) return undefined
    throw error
  }
}
