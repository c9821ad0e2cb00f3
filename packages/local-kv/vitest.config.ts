import { defineConfig } from 'vitest/config'

const { TEST_RESULTS } = process.env
const report = `${TEST_RESULTS}/local-kv-${process.pid}.json`

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/real-redis.ts'],
    // The engine is loaded once.
    isolate: false,
    testTimeout: 20_000,
    reporters: TEST_RESULTS ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
