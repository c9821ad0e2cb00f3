import { SessionProvider } from 'edge-session/react'
import type { ReactNode } from 'react'
import { SiteFrame } from '@/components/site-frame'

export default function PrerenderedLayout({ children }: { children: ReactNode }) {
  return (
    // Nobody's session is known when the page is built: the browser asks.
    <SessionProvider session={undefined}>
      <SiteFrame>{children}</SiteFrame>
    </SessionProvider>
  )
}
