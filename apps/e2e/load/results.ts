import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { E2E, REPOSITORY } from '../support/variants.ts'

/** What one part of a proof came to, kept in a file until the next time it is run. */
export interface PartResult {
  readonly part: string
  /** ISO 8601. */
  readonly date: string
  readonly commit: string
  readonly seconds: number
  readonly failures: readonly string[]
  readonly figures: unknown
}

/** Where results of whole runs are kept; those of short tries stay apart. */
export function resultsDirectory(kind: 'whole' | 'try'): string {
  return join(E2E, '.local/prove', kind)
}

export function saveResult(directory: string, result: PartResult): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(fileOf(directory, result.part), `${JSON.stringify(result, null, 2)}\n`)
}

export function readResult(directory: string, part: string): PartResult | null {
  const file = fileOf(directory, part)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PartResult) : null
}

/** The commit that is checked out, and whether files differ from it. */
export function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: REPOSITORY,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs/reliability.md')
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed === '' ? '' : ' with changes'}`
  } catch {
    return 'unknown'
  }
}

function fileOf(directory: string, part: string): string {
  return join(directory, `${part}.json`)
}
