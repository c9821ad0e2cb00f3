import Link from 'next/link'
import type { ReactNode } from 'react'
import { NavLink } from './nav-link'
import { SessionEnd } from './session-end'
import { SessionState } from './session-state'

/** Header and main landmark of every page, inside of a `SessionProvider`. */
export function SiteFrame({ children }: { children: ReactNode }) {
  return (
    <>
      <header className="site-header">
        <div className="site-header-row">
          <Link className="brand" href="/" prefetch={false}>
            <span className="brand-mark" aria-hidden="true" />
            edge-session
          </Link>
          <nav aria-label="Main">
            <NavLink href="/dashboard">Dashboard</NavLink>
            <NavLink href="/dashboard/sessions">Devices</NavLink>
            <NavLink href="/admin">Admin</NavLink>
          </nav>
          <SessionState />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <SessionEnd />
    </>
  )
}
