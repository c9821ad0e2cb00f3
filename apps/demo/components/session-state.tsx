import type { SessionLookup } from 'edge-session'
import Link from 'next/link'
import { SignOutButton } from './sign-out-button'
import { UserId } from './user-id'

/** Who is signed in, for the header. */
export function SessionState({ lookup }: { lookup: SessionLookup }) {
  if (lookup.outcome === 'unknown') return <p className="session-state">Session not checked</p>
  if (lookup.outcome === 'none') {
    return (
      <p className="session-state">
        <Link className="button button-small" href="/login" prefetch={false}>
          Sign in
        </Link>
      </p>
    )
  }
  return (
    <div className="session-state">
      <span className="visually-hidden">Signed in as </span>
      <UserId>{lookup.session.userId}</UserId>
      <SignOutButton className="button-quiet button-small" />
    </div>
  )
}
