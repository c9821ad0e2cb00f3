import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    pool: 'forks',
    testTimeout: 20_000,
    // next-intl imports next/server without its extension, which Node alone does not resolve.
    server: { deps: { inline: ['next-intl'] } },
  },
})
