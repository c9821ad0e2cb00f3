import { SessionProvider } from 'edge-session/react'
import Link from 'next/link'
import { SiteFrame } from '@/components/site-frame'

export default function NotFound() {
  return (
    <SessionProvider session={undefined}>
      <SiteFrame>
        <article className="card card-narrow">
          <h1>Nothing here</h1>
          <p>
            This page does not exist. <Link href="/">See what does</Link>
          </p>
        </article>
      </SiteFrame>
    </SessionProvider>
  )
}
