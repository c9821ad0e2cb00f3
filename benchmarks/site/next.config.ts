import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

// Seen from benchmarks/.local/builds/<variant>, where the site is built.
const monorepo = fileURLToPath(new URL('../../../..', import.meta.url))

const config: NextConfig = {
  poweredByHeader: false,
  turbopack: { root: monorepo },
  outputFileTracingRoot: monorepo,
  // `pnpm typecheck` checks the site and every layer once, rather than every build anew.
  typescript: { ignoreBuildErrors: true },
}

export default config
