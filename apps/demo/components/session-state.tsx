'use client'

import { useSession } from 'edge-session/react'
import Link from 'next/link'
import { SignOutButton } from './sign-out-button'
import { UserId } from './user-id'

/** Who is signed in, for the header. */
export function SessionState() {
  const { status, session } = useSession()
  return (
    <>
      {/* Not known is not signed out: whoever was here stays. */}
      {status === 'unknown' && <p className="session-unknown tag tag-warning">Session not checked</p>}
      <div className="session-state">
        {session !== null && (
          <>
            <span className="visually-hidden">Signed in as </span>
            <UserId>{session.userId}</UserId>
            <SignOutButton className="button-quiet button-small" />
          </>
        )}
        {status === 'none' && (
          <Link className="button button-small" href="/login" prefetch={false}>
            Sign in
          </Link>
        )}
      </div>
    </>
  )
}
