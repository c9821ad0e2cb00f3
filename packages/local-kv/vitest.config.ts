import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], globalSetup: ['test/support/real-redis.ts'], testTimeout: 20_000 },
})
