import type { SessionLookup } from 'edge-session'
import { type ClientSession, SessionProvider } from 'edge-session/react'
import type { ReactNode } from 'react'
import { SiteFrame } from '@/components/site-frame'
import { lookupSession } from '@/session'

export default async function SessionLayout({ children }: { children: ReactNode }) {
  // Costs nothing: the proxy has looked the session up, and the page below shares the answer.
  const session = forBrowser(await lookupSession())
  return (
    <SessionProvider session={session}>
      <SiteFrame>{children}</SiteFrame>
    </SessionProvider>
  )
}

/** Stands in the page's HTML, so without what only the server needs. `undefined`: not known. */
function forBrowser(lookup: SessionLookup): ClientSession | null | undefined {
  if (lookup.outcome !== 'active') return lookup.outcome === 'none' ? null : undefined
  const { userAgent, ip, ...session } = lookup.session
  return { ...session, data: {} }
}
