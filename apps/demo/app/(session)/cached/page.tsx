import type { Metadata } from 'next'
import { UserId } from '@/components/user-id'
import { requireSession } from '@/session'

export const metadata: Metadata = { title: 'Cached' }
export const fetchCache = 'force-cache'

export default async function CachedPage() {
  const { userId } = await requireSession({ returnTo: '/cached' })
  return (
    <article className="card">
      <h1>Cached</h1>
      <p>
        In this segment Next.js caches every <code>fetch</code>, on disk and for everybody. Sessions stay out
        of it: you are <UserId>{userId}</UserId>.
      </p>
    </article>
  )
}
