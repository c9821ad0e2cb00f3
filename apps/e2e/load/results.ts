import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { E2E, REPOSITORY } from '../support/variants.ts'
import { type Machine, thisMachine } from './prove/machine.ts'
import type { Finding } from './scenario.ts'

/** What one part of a proof came to, kept in a file until the next time it is run. */
export interface PartResult {
  readonly part: string
  /** ISO 8601. */
  readonly date: string
  readonly commit: string
  readonly machine: Machine
  readonly seconds: number
  readonly failures: readonly string[]
  readonly figures: unknown
}

/** Where results of whole runs are kept; those of short tries stay apart. */
export function resultsDirectory(kind: 'whole' | 'try'): string {
  return join(E2E, '.local/prove', kind)
}

/** Runs a part and keeps what it came to, even if that is nothing but an error. Whether all is well. */
export async function runPart(
  directory: string,
  part: string,
  run: () => Promise<Finding>,
): Promise<boolean> {
  console.log(`${part} …`)
  const [date, commit, machine] = [new Date().toISOString(), currentCommit(), thisMachine()]
  const started = performance.now()
  const { figures, failures } = await run().catch((error: unknown) => ({
    figures: {},
    failures: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  }))
  const seconds = Math.round((performance.now() - started) / 1_000)
  saveResult(directory, { part, date, commit, machine, seconds, failures, figures })
  console.log(`${part}: ${failures.length === 0 ? 'ok' : 'FAILED'} after ${seconds} s`)
  for (const failure of failures) console.error(`  ${failure}`)
  return failures.length === 0
}

function saveResult(directory: string, result: PartResult): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(fileOf(directory, result.part), `${JSON.stringify(result, null, 2)}\n`)
}

export function readResult(directory: string, part: string): PartResult | null {
  const file = fileOf(directory, part)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PartResult) : null
}

/** What the proofs write themselves. */
const WRITTEN = [':!docs/reliability.md', ':!apps/e2e/load/last-soak.json']

/** The commit that is checked out, and whether files differ from it. */
function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: REPOSITORY,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', ...WRITTEN)
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed === '' ? '' : ' with changes'}`
  } catch {
    return 'unknown'
  }
}

function fileOf(directory: string, part: string): string {
  return join(directory, `${part}.json`)
}
