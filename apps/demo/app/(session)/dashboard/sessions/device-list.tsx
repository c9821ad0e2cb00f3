'use client'

import { type ClientListedSession, useSessions } from 'edge-session/react'
import { useState, useTransition } from 'react'
import { Moment } from '@/components/moment'
import { endOtherSessions, endSession } from './actions'
import { ConfirmedForm } from './confirmed-form'
import { describeDevice } from './describe-device'

export function DeviceList(rendered: { sessions: readonly ClientListedSession[] | undefined }) {
  const { sessions, status, error, revoke, revokeOthers, refresh } = useSessions(rendered)
  const [message, setMessage] = useState('')
  const [pending, startTransition] = useTransition()

  /** The list is shorter at once; that somebody is signed out is said when it is true. */
  function end(what: string, ending: Promise<boolean>) {
    setMessage(`Ending ${what}…`)
    startTransition(async () => {
      const ended = await ending
      setMessage(ended ? `Ended ${what}.` : `Could not end ${what}. Try again in a moment.`)
    })
  }

  if (status === 'unknown') {
    return (
      <div className="card" role="alert">
        <p>The list can not be loaded right now. Your sessions are untouched.</p>
        <button type="button" className="button" onClick={refresh}>
          Try again
        </button>
      </div>
    )
  }
  return (
    <>
      <ul className="devices" aria-busy={status === 'loading'}>
        {[...sessions].sort(currentFirst).map(({ id, current, userAgent, ip, createdAt, lastSeenAt }) => {
          const { name, handheld } = describeDevice(userAgent)
          return (
            <li key={id} className="device">
              <span
                className={handheld ? 'device-icon device-icon-handheld' : 'device-icon'}
                aria-hidden="true"
              />
              <div className="device-text">
                <h2>
                  {name} {current && <span className="tag tag-accent">This device</span>}
                </h2>
                <p className="device-facts quiet">
                  <span>
                    Active <Moment at={lastSeenAt} />
                  </span>
                  <span>
                    Signed in <Moment at={createdAt} />
                  </span>
                  <span>{ip}</span>
                </p>
              </div>
              {!current && (
                <ConfirmedForm
                  action={endSession}
                  onConfirmed={() => end(`the session of ${name}`, revoke(id))}
                  button="End"
                  label={`End the session of ${name}`}
                  question={`End the session of ${name}?`}
                >
                  <input type="hidden" name="id" value={id} />
                </ConfirmedForm>
              )}
            </li>
          )
        })}
      </ul>
      {sessions.length > 1 && (
        <ConfirmedForm
          action={endOtherSessions}
          onConfirmed={() => end('all other sessions', revokeOthers())}
          button="End all other sessions"
          question="End all sessions but this one?"
        />
      )}
      {sessions.length === 1 && !pending && <p className="quiet">You are signed in nowhere else.</p>}
      <div role="status" className="outcome">
        {message !== '' && <p className={error === null ? 'notice' : 'error'}>{message}</p>}
      </div>
    </>
  )
}

function currentFirst(a: ClientListedSession, b: ClientListedSession): number {
  return Number(b.current) - Number(a.current)
}
