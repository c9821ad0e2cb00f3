import type { ReactNode } from 'react'
import { currentUserId } from '@/current-user'

/** Asks for the session on its own, as the header of a real app does. */
export default async function SignedInLayout({ children }: { children: ReactNode }) {
  const userId = await currentUserId()
  return (
    <>
      <header data-layout-user={userId}>Example</header>
      {children}
    </>
  )
}
