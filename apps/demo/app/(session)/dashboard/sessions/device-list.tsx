'use client'

import { type ReactNode, useActionState, useOptimistic } from 'react'
import { ConfirmedForm } from './confirmed-form'

export interface Device {
  readonly id: string
  readonly current: boolean
  readonly name: string
  readonly handheld: boolean
  readonly ip: string | null
  readonly since: ReactNode
  readonly lastSeen: ReactNode
}

interface DeviceListProps {
  readonly devices: readonly Device[]
  readonly endSession: (message: string, form: FormData) => Promise<string>
  readonly endOtherSessions: () => Promise<string>
}

export function DeviceList({ devices, endSession, endOtherSessions }: DeviceListProps) {
  const [shown, hide] = useOptimistic(devices, (all, gone: 'others' | string) =>
    all.filter(({ id, current }) => current || (gone !== 'others' && id !== gone)),
  )
  const [oneMessage, endOne] = useActionState(endSession, '')
  const [othersMessage, endOthers] = useActionState(endOtherSessions, '')
  const others = shown.length - 1
  return (
    <>
      <ul className="devices">
        {shown.map(({ id, current, name, handheld, ip, since, lastSeen }) => (
          <li key={id} className="device">
            <span
              className={handheld ? 'device-icon device-icon-handheld' : 'device-icon'}
              aria-hidden="true"
            />
            <div className="device-text">
              <h2>
                {name} {current && <span className="tag tag-accent">This device</span>}
              </h2>
              <p className="quiet">
                Active {lastSeen} · signed in {since}
                {ip !== null && ` · ${ip}`}
              </p>
            </div>
            {!current && (
              <ConfirmedForm
                action={endOne}
                onConfirmed={() => hide(id)}
                button="End"
                label={`End the session of ${name}`}
                question={`End the session of ${name}?`}
              >
                <input type="hidden" name="id" value={id} />
              </ConfirmedForm>
            )}
          </li>
        ))}
      </ul>
      {others > 0 ? (
        <ConfirmedForm
          action={endOthers}
          onConfirmed={() => hide('others')}
          button="End all other sessions"
          question="End all sessions but this one?"
        />
      ) : (
        <p className="quiet">You are signed in nowhere else.</p>
      )}
      <p aria-live="polite">{oneMessage === '' ? othersMessage : oneMessage}</p>
    </>
  )
}
