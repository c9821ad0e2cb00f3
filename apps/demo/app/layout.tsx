import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import './styles.css'

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#0b6a55"/><path d="M11.5 5.5A4.3 4.3 0 1 0 12.3 8H8" fill="none" stroke="#fff" stroke-width="2"/></svg>'

export const metadata: Metadata = {
  title: { template: '%s · edge-session demo', default: 'edge-session demo' },
  description: 'Revocable server-side sessions for Next.js, checked at the edge.',
  // In the page itself: a file would be a request that reads the session, as everything not of Next.js does.
  icons: { icon: `data:image/svg+xml,${encodeURIComponent(icon)}` },
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
