import type { ReactNode } from 'react'
import { SessionState } from '@/components/session-state'
import { SiteFrame } from '@/components/site-frame'
import { lookupSession } from '@/session'

export default async function SessionLayout({ children }: { children: ReactNode }) {
  // Costs nothing: the proxy has looked the session up, and the page below shares the answer.
  return <SiteFrame sessionState={<SessionState lookup={await lookupSession()} />}>{children}</SiteFrame>
}
