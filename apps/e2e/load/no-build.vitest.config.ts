import { defineConfig } from 'vitest/config'

/** To list the end-to-end tests, or to run those of load/, nothing has to be built. */
export default defineConfig({ test: { include: ['test/**/*.test.ts', 'load/**/*.test.ts'] } })
