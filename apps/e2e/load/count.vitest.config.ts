import { defineConfig } from 'vitest/config'

/** For `vitest list`: to count the end-to-end tests, nothing has to be built. */
export default defineConfig({ test: { include: ['test/**/*.test.ts'] } })
