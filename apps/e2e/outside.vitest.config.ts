import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

// The proofs that need a running app: a little of them in `npm test`, all of them with PROVE=1.
if (process.env.PROVE !== '1') process.env.EXTENT = 'short'

const { TEST_RESULTS } = process.env
const report = `${TEST_RESULTS}/outside-${process.pid}.json`
const FILES = ['paths', 'redirects', 'headers', 'shared-cache', 'data-cache', 'leaks-of-a-life']

export default defineConfig({
  test: {
    ...base.test,
    include: FILES.map((file) => `test/${file}.test.ts`),
    globalSetup: ['support/build-guarded.ts'],
    reporters: TEST_RESULTS ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
