import type { Metadata } from 'next'
import { Secret } from '@/components/secret'
import { StatelessNotice } from '@/components/stateless-notice'
import { requireSession } from '@/session'
import { isStateless } from '@/session-options'
import { isAdmin } from './is-admin'
import { RevokeForm } from './revoke-form'
import { revokeUser } from './revoke-user'

export const metadata: Metadata = { title: 'Admin' }

export default async function Admin() {
  await requireSession({ allow: isAdmin, returnTo: '/admin' })
  return (
    <>
      <h1>Admin</h1>
      <section className="card" aria-labelledby="revoke">
        <h2 id="revoke">Sign a user out everywhere</h2>
        {isStateless ? (
          <StatelessNotice />
        ) : (
          <>
            <p>For a stolen laptop or a changed password. It works at once, on every device.</p>
            <RevokeForm revoke={revokeUser} />
          </>
        )}
        <Secret of="admin" />
      </section>
    </>
  )
}
