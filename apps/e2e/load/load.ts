// pnpm load: drives the built demo. Results go to .local/prove; `pnpm prove` at the root writes the report.
import { parseArgs } from 'node:util'
import { buildVariants } from '../support/build-variants.ts'
import { AS_PUBLISHED } from '../support/variants.ts'
import { keepSoak } from './last-soak.ts'
import { toMinutes } from './minutes.ts'
import { resultsDirectory, runPart } from './results.ts'
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

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

await buildVariants([AS_PUBLISHED])
for (const { name, minutes, run } of chosen) {
  const length = values.minutes === undefined ? minutes : Math.min(minutes, Number(values.minutes))
  if (!(await runPart(directory, name, () => run(length)))) process.exitCode = 1
}
if (values.soak !== undefined && values.minutes === undefined) await keepSoak(directory)
