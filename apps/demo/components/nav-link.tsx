'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'

export function NavLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    // Prefetching would look the session up once per link, for pages nobody may open.
    <Link href={href} prefetch={false} aria-current={usePathname() === href ? 'page' : undefined}>
      {children}
    </Link>
  )
}
