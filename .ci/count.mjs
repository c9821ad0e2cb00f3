// Adds up the reports of all test runs, and names what failed: the log above it may be cut. A failed step that is no test
// run counts as one failure.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [directory = '.', failedSteps = '0'] = process.argv.slice(2)
let passed = 0
let failed = 0
let skipped = 0
for (const file of readdirSync(directory)) {
  const report = JSON.parse(readFileSync(join(directory, file), 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
  skipped += report.numPendingTests
  for (const { name, message, assertionResults } of report.testResults) {
    if (message) console.log(`failed: ${name}: ${message}`)
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'failed')
        console.log(`failed: ${name}: ${fullName}: ${failureMessages[0]?.slice(0, 400)}`)
    }
  }
}
if (failed === 0) failed = Number(failedSteps)
if (skipped > 0) console.log(`skipped, as they need a clock or a server that was not there: ${skipped}`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
