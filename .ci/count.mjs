// Adds up the reports of all test runs; a failed step that is no test run counts as one failure.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [directory = '.', failedSteps = '0'] = process.argv.slice(2)
let passed = 0
let failed = 0
for (const file of readdirSync(directory)) {
  const report = JSON.parse(readFileSync(join(directory, file), 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
}
if (failed === 0) failed = Number(failedSteps)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
