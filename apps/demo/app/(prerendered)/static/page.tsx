import type { Metadata } from 'next'

export const metadata: Metadata = { title: 'Prerendered' }
export const dynamic = 'error'

export default function StaticPage() {
  return (
    <article className="card">
      <h1>Prerendered</h1>
      <p>
        This page was made at build time and is the same for everybody. The proxy still runs in front of it:
        it could guard it, and it takes dead cookies away.
      </p>
    </article>
  )
}
