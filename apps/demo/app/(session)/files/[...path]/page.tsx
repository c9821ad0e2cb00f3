import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { Secret } from '@/components/secret'
import { requireSession } from '@/session'

export const metadata: Metadata = { title: 'Files' }

export default async function Files({ params }: PageProps<'/files/[...path]'>) {
  const path = (await params).path.map(decode)
  const isPrivate = path[0]?.toLowerCase() === 'private'
  if (isPrivate) await requireSession({ returnTo: `/files/${path.map(encodeURIComponent).join('/')}` })
  return (
    <article className="card">
      <h1>Files</h1>
      <p>
        <code className="path">{path.join('/')}</code> is {isPrivate ? 'private.' : 'for everyone.'}
      </p>
      {isPrivate && <Secret of="files" />}
    </article>
  )
}

/** Next.js gives pages their parameters as they stand in the URL, where "private" can be spelled in many ways. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    notFound()
  }
}
