import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '../scenario.ts'
import { pnpm, runCommand } from './run-command.ts'

/** A line of what the proofs write. */
export type ProofLine = Readonly<Record<string, number | string>> & { readonly proof: string }

export interface ProofFigures {
  readonly tests: { readonly passed: number; readonly failed: number }
  readonly lines: readonly ProofLine[]
}

/** packages/edge-session/test/prove at its long settings. `tries`: so many of everything instead, for a short try. */
export async function runProofs(how: {
  readonly modelMinutes: number
  readonly tries: number | null
}): Promise<Finding> {
  const directory = mkdtempSync(join(tmpdir(), 'edge-session-prove-'))
  const lines = join(directory, 'lines.jsonl')
  const env = {
    PROVE_RESULTS: lines,
    TEST_RESULTS: directory,
    PROVE_MINUTES: String(how.modelMinutes),
    ...(how.tries === null ? {} : { PROVE_RUNS: String(how.tries) }),
  }
  try {
    const command = pnpm('--filter', 'edge-session', 'prove', `--maxWorkers=${cpus().length}`)
    const { code } = await runCommand({ ...command, env })
    const report = readdirSync(directory).find((file) => /^edge-session-.*\.json$/.test(file))
    if (report === undefined) return { figures: {}, failures: ['the proofs did not run to their end'] }
    const tests = testsIn(readFileSync(join(directory, report), 'utf8'))
    const figures: ProofFigures = {
      tests: { passed: tests.passed, failed: tests.failed.length },
      lines: readFileSync(lines, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as ProofLine),
    }
    return { figures, failures: code === 0 ? [] : [`vitest ended with code ${code}`, ...tests.failed] }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Assertion {
  readonly status: string
  readonly fullName: string
  readonly failureMessages?: readonly string[]
}

function testsIn(report: string): { passed: number; failed: readonly string[] } {
  const { testResults } = JSON.parse(report) as {
    testResults: readonly { assertionResults: readonly Assertion[] }[]
  }
  const all = testResults.flatMap(({ assertionResults }) => assertionResults)
  return {
    passed: all.filter(({ status }) => status === 'passed').length,
    failed: all
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages: [message = ''] = [] }) => `${fullName}: ${message.split('\n')[0]}`),
  }
}
