import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import './styles.css'

export const metadata: Metadata = {
  title: { template: '%s · edge-session demo', default: 'edge-session demo' },
  description: 'Revocable server-side sessions for Next.js, checked at the edge.',
}

export const viewport: Viewport = { colorScheme: 'light dark' }

/** Knows nothing of sessions, so that pages can be prerendered. */
export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <a className="skip-link" href="#main">
          Skip to content
        </a>
        {children}
      </body>
    </html>
  )
}
