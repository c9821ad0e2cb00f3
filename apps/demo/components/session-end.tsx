'use client'

import { useSession } from 'edge-session/react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useState, useTransition } from 'react'
import { Moment } from './moment'

/** Says when the session is about to end, with a button to go on. */
export function SessionEnd() {
  const { status, endsSoon, refresh } = useSession()
  const [asked, setAsked] = useState<Date | null>(null)
  const [pending, startTransition] = useTransition()
  const path = usePathname()
  // Asking did not put the end off: this is the absolute one.
  const isFinal = status === 'active' && !pending && asked === endsSoon

  function stay() {
    if (pending) return
    setAsked(endsSoon)
    startTransition(refresh)
  }

  return (
    <div role="status">
      {endsSoon !== null && (
        <div className="session-end">
          <p>
            Your session ends <Moment at={endsSoon} />
            {isFinal ? ', used or not.' : '.'}
          </p>
          {isFinal ? (
            <Link
              className="button button-small"
              href={`/confirm?next=${encodeURIComponent(path)}`}
              prefetch={false}
            >
              Enter password
            </Link>
          ) : (
            <button type="button" className="button button-small" aria-disabled={pending} onClick={stay}>
              Stay signed in
            </button>
          )}
        </div>
      )}
    </div>
  )
}
