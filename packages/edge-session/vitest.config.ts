import { defineConfig } from 'vitest/config'

const { TEST_RESULTS } = process.env
const report = `${TEST_RESULTS}/edge-session-${process.pid}.json`

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    pool: 'forks',
    testTimeout: 20_000,
    reporters: TEST_RESULTS ? ['default', ['json', { outputFile: report }]] : ['default'],
    // next-intl imports next/server without its extension, which Node alone does not resolve.
    server: { deps: { inline: ['next-intl'] } },
  },
})
