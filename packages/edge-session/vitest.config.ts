import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'
import { WORKERS_ON_ONE_REDIS } from './test/support/redis-databases.ts'

const { TEST_RESULTS, REDIS_URL } = process.env
// Three also on two cores, as some tests wait more than they work.
const workers = Math.max(3, availableParallelism() - 1)
const report = `${TEST_RESULTS}/edge-session-${process.pid}.json`

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    pool: 'forks',
    // To load Next.js and the clients of KV for each file takes a fifth of the time. What is "once per process" begins
    // again with `vi.resetModules()`.
    isolate: false,
    setupFiles: ['test/support/each-file.ts'],
    sequence: { sequencer: LongestFirst },
    maxWorkers: REDIS_URL ? Math.min(workers, WORKERS_ON_ONE_REDIS) : workers,
    testTimeout: 20_000,
    reporters: TEST_RESULTS ? ['default', ['json', { outputFile: report }]] : ['default'],
    // next-intl imports next/server without its extension, which Node alone does not resolve.
    server: { deps: { inline: ['next-intl'] } },
  },
})
