import { defineConfig } from 'vitest/config'
import { CheapestFirst } from './cheapest-first.ts'

/** What is fast and gives the same result each time: no Redis, no bundles, no second runtime, no long proofs. */
export default defineConfig({
  test: {
    include: ['test/*.test.{ts,tsx}', 'test/stryker/*.stryker.ts'],
    exclude: ['test/{docs,edge,layering,package,races,types}.test.ts', 'test/store-contract{,.edge}.test.ts'],
    setupFiles: ['test/support/each-file.ts', 'test/stryker/fixed-seed.ts'],
    sequence: { sequencer: CheapestFirst },
    // No `redis-server` is found there, so none is started.
    env: { PATH: '/nowhere', REDIS_URL: '' },
    testTimeout: 20_000,
    server: { deps: { inline: ['next-intl'] } },
  },
})
