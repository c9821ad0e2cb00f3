import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

const monorepo = fileURLToPath(new URL('../..', import.meta.url))

const config: NextConfig = {
  // `forbidden()` and app/forbidden.tsx, which `requireSession({ allow })` uses.
  experimental: { authInterrupts: true },
  poweredByHeader: false,
  // Only because this app lives in a monorepo.
  turbopack: { root: monorepo },
  outputFileTracingRoot: monorepo,
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'Content-Security-Policy', value: "frame-ancestors 'none'" },
        { key: 'Referrer-Policy', value: 'same-origin' },
        // Browsers heed it over https alone: not here on localhost.
        { key: 'Strict-Transport-Security', value: 'max-age=31536000' },
        { key: 'X-Content-Type-Options', value: 'nosniff' },
      ],
    },
  ],
}

export default config
