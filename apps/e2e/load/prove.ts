// pnpm prove: everything that takes long, unattended, and docs/reliability.md of what it came to.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { REPOSITORY } from '../support/variants.ts'
import { readLastSoak } from './last-soak.ts'
import { countTests } from './prove/count-tests.ts'
import { runMutants } from './prove/mutants.ts'
import { runOutside, runProofs } from './prove/proofs.ts'
import { pnpm, runCommand } from './prove/run-command.ts'
import { writeReport } from './report/write-report.ts'
import { resultsDirectory, runPart } from './results.ts'

const STEPS: readonly string[] = ['proofs', 'outside', 'mutants', 'load']

const { values } = parseArgs({
  options: {
    /** Steps to run; the report shows the last results of the others. */
    only: { type: 'string', multiple: true },
    /** A short try: nothing takes longer than this, and the report goes beside the results. */
    minutes: { type: 'string' },
    'model-minutes': { type: 'string', default: '15' },
    /** Soaks as well, for example `2h`; `--only soak` does nothing else. */
    soak: { type: 'string' },
  },
})
const steps = values.only ?? STEPS
for (const step of steps)
  if (![...STEPS, 'soak'].includes(step))
    throw new Error(`There is no "${step}". Choose from ${STEPS.join(', ')}, soak.`)
const isTry = values.minutes !== undefined
const directory = resultsDirectory(isTry ? 'try' : 'whole')

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

const built = await runCommand(
  pnpm('exec', 'turbo', 'run', 'build', '--filter', 'edge-session', '--filter', 'local-kv'),
)
if (built.code !== 0) throw new Error('The packages do not build.')

let failed = false
async function part(...run: Parameters<typeof runPart>): Promise<void> {
  if (!(await runPart(...run))) failed = true
}

async function outside(): Promise<void> {
  if (steps.includes('outside')) await part(directory, 'outside', () => runOutside({ short: isTry }))
}

if (steps.includes('proofs')) {
  const short = { modelMinutes: Number(values.minutes), tries: 50 }
  const long = { modelMinutes: Number(values['model-minutes']), tries: null }
  await part(directory, 'tests', countTests)
  await part(directory, 'proofs', () => runProofs({ ...(isTry ? short : long), afterModel: outside }))
} else await outside()
if (steps.includes('mutants')) await part(directory, 'mutants', runMutants)
if (steps.includes('load')) await load(isTry ? ['--minutes', String(values.minutes)] : [])
if (values.soak !== undefined) await load(['--soak', values.soak])

const report = isTry ? join(directory, 'reliability.md') : join(REPOSITORY, 'docs/reliability.md')
writeFileSync(report, writeReport(directory, isTry ? null : readLastSoak()))
console.log(`${failed ? 'Something failed' : 'Nothing failed'}: see ${report}`)
process.exitCode = failed ? 1 : 0

/** In a process of its own, which begins with nothing in memory. It saves its results itself. */
async function load(args: readonly string[]): Promise<void> {
  const command = { program: process.execPath, args: ['--import', 'tsx', 'load/load.ts', ...args] }
  const { code } = await runCommand({ ...command, folder: 'apps/e2e' })
  if (code !== 0) failed = true
}
