import { SessionUnknownError } from 'edge-session'
import type { Metadata } from 'next'
import { Moment } from '@/components/moment'
import { listSessions, requireSession } from '@/session'
import { endOtherSessions, endSession } from './actions'
import { describeDevice } from './describe-device'
import { type Device, DeviceList } from './device-list'

export const metadata: Metadata = { title: 'Devices' }

export default async function Sessions() {
  await requireSession({ returnTo: '/dashboard/sessions' })
  const devices = await listDevices()
  return (
    <>
      <h1>Devices</h1>
      <p className="lede">
        Where you are signed in. End what you do not recognise, then change your password.
      </p>
      {devices === null ? (
        <p className="card" role="alert">
          The list can not be loaded right now. Your sessions are untouched; try again in a moment.
        </p>
      ) : (
        <DeviceList devices={devices} endSession={endSession} endOtherSessions={endOtherSessions} />
      )}
    </>
  )
}

async function listDevices(): Promise<readonly Device[] | null> {
  try {
    const sessions = [...(await listSessions())].sort((a, b) => Number(b.current) - Number(a.current))
    return sessions.map(({ id, current, userAgent, ip, createdAt, lastSeenAt }) => ({
      id,
      current,
      ip,
      ...describeDevice(userAgent),
      since: <Moment at={createdAt} />,
      lastSeen: <Moment at={lastSeenAt} />,
    }))
  } catch (error) {
    if (error instanceof SessionUnknownError) return null
    throw error
  }
}
