// pnpm load: drives the built demo, see README.md beside this file.
import { parseArgs } from 'node:util'
import { buildVariants } from '../support/build-variants.ts'
import { NEXT_16_PROXY } from '../support/variants.ts'
import { toMinutes } from './minutes.ts'
import { currentCommit, resultsDirectory, saveResult } from './results.ts'
import type { Scenario } from './scenario.ts'
import { COST } from './scenarios/cost.ts'
import { FAULTS } from './scenarios/faults.ts'
import { FLOOD } from './scenarios/flood.ts'
import { MIXED } from './scenarios/mixed.ts'
import { REVOCATION } from './scenarios/revocation.ts'
import { SOAK } from './scenarios/soak.ts'

const SCENARIOS: readonly Scenario[] = [MIXED, COST, FAULTS, FLOOD, REVOCATION]

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    minutes: { type: 'string' },
    soak: { type: 'string' },
  },
})
for (const name of values.only ?? [])
  if (!SCENARIOS.some((scenario) => scenario.name === name))
    throw new Error(`There is no "${name}". Choose from ${SCENARIOS.map(({ name }) => name).join(', ')}.`)

const chosen =
  values.soak !== undefined
    ? [{ ...SOAK, minutes: toMinutes(values.soak) }]
    : SCENARIOS.filter(({ name }) => values.only?.includes(name) ?? true)
const directory = resultsDirectory(values.minutes === undefined ? 'whole' : 'try')
const commit = currentCommit()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

await buildVariants([NEXT_16_PROXY])
for (const { name, minutes, run } of chosen) {
  const length = values.minutes === undefined ? minutes : Math.min(minutes, toMinutes(`${values.minutes}m`))
  console.log(`${name}: ${length} min`)
  const date = new Date().toISOString()
  const started = performance.now()
  const { figures, failures } = await run(length).catch((error: unknown) => ({
    figures: null,
    failures: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  }))
  const seconds = Math.round((performance.now() - started) / 1_000)
  saveResult(directory, { part: name, date, commit, seconds, failures, figures })
  console.log(`${name}: ${failures.length === 0 ? 'ok' : 'FAILED'} after ${seconds} s`)
  for (const failure of failures) console.error(`  ${failure}`)
  if (failures.length > 0) process.exitCode = 1
}
