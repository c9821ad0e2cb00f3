import type { Metadata } from 'next'
import { UserId } from '@/components/user-id'
import { getSession } from '@/session'

export const metadata: Metadata = { title: 'Public' }

export default async function PublicPage() {
  const session = await getSession()
  return (
    <article className="card">
      <h1>Public</h1>
      <p>
        Anyone may read this. You are {session === null ? 'anonymous' : <UserId>{session.userId}</UserId>}.
      </p>
    </article>
  )
}
