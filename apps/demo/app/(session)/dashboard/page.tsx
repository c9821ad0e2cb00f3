import type { Metadata } from 'next'
import Link from 'next/link'
import { Moment } from '@/components/moment'
import { Secret } from '@/components/secret'
import { SessionExpiry } from '@/components/session-expiry'
import { SignOutButton } from '@/components/sign-out-button'
import { UserId } from '@/components/user-id'
import { requireSession } from '@/session'
import { askServer } from './ask-server'
import { AskServerButton } from './ask-server-button'

export const metadata: Metadata = { title: 'Dashboard' }

export default async function Dashboard() {
  const session = await requireSession({ returnTo: '/dashboard' })
  return (
    <>
      <h1>Dashboard</h1>
      <div className="columns">
        <section className="card" aria-labelledby="session">
          <h2 id="session">Your session</h2>
          <dl className="facts">
            <div>
              <dt>User</dt>
              <dd>
                <UserId>{session.userId}</UserId>
              </dd>
            </div>
            <div>
              <dt>Role</dt>
              <dd>{session.role ?? 'none'}</dd>
            </div>
            <div>
              <dt>Signed in</dt>
              <dd>
                <Moment at={session.authenticatedAt} />
              </dd>
            </div>
            <div>
              <dt>Ends if unused</dt>
              <dd>
                <SessionExpiry />
              </dd>
            </div>
          </dl>
          <Secret of="dashboard" />
          <div className="actions">
            <SignOutButton />
            <Link className="button button-quiet" href="/dashboard/sessions" prefetch={false}>
              Your devices
            </Link>
          </div>
        </section>
        <section className="card" aria-labelledby="action">
          <h2 id="action">A server action</h2>
          <p>Actions can be called from anywhere, so this one checks the session itself.</p>
          <AskServerButton ask={askServer} />
        </section>
      </div>
    </>
  )
}
