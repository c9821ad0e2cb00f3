import { defineConfig } from 'vitest/config'

const { TEST_RESULTS } = process.env
const report = `${TEST_RESULTS}/e2e-${process.pid}.json`

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'load/**/*.test.ts'],
    globalSetup: ['support/build-variants.ts'],
    pool: 'forks',
    // Servers, a browser and builds share the cores: one file at a time.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: TEST_RESULTS ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
