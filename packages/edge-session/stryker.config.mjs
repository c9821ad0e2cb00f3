/**
 * How much of the library could change without a test noticing. `pnpm --filter edge-session stryker` for all of it, which
 * takes hours; `… stryker --mutate src/lib/guard.ts --testFiles test/guard.test.ts` for one file by the tests that are
 * about it. Reports, and what is remembered between runs, are in `coverage/stryker`.
 *
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/stryker/vitest.config.ts' },
  mutate: [
    'src/lib/**/*.{ts,tsx}',
    // A test suite itself.
    '!src/lib/store-contract/**',
    '!src/lib/store-contract.ts',
    // Only a real Redis answers them, and none runs here.
    '!src/lib/transports/{ioredis,redis}.ts',
  ],
  coverageAnalysis: 'perTest',
  // What is computed when a module is loaded (patterns, scripts, texts of problems) would need every test each time.
  // The patterns and scripts that matter are in test/prove/mutant-list.mjs.
  ignoreStatic: true,
  concurrency: 2,
  // A busy machine is no mutant that hangs.
  timeoutMS: 30_000,
  thresholds: { high: 95, low: 85, break: 85 },
  incremental: true,
  incrementalFile: 'coverage/stryker/incremental.json',
  reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: 'coverage/stryker/report.html' },
  jsonReporter: { fileName: 'coverage/stryker/report.json' },
  // Copies go two levels below the root, where `../../tsconfig.base.json` is what it is here.
  tempDirName: '../../.local',
  // TypeScript 7 has no API with which Stryker could rewrite it.
  tsconfigFile: 'none',
  ignorePatterns: ['dist', 'coverage', '.turbo'],
}
