import type { Metadata } from 'next'
import { Moment } from '@/components/moment'
import { Secret } from '@/components/secret'
import { requireSession } from '@/session'
import { freshFor } from '@/session-options'

export const metadata: Metadata = { title: 'Sensitive' }

export default async function Sensitive() {
  const session = await requireSession({ maxAge: freshFor, returnTo: '/sensitive' })
  return (
    <article className="card">
      <h1>Sensitive</h1>
      <p>
        You entered your password <Moment at={session.authenticatedAt} />. After a while this page asks for it
        again, and it never trusts a cached answer.
      </p>
      <Secret of="sensitive" />
    </article>
  )
}
