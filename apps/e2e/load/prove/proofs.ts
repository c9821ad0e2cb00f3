import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '../scenario.ts'
import { pnpm, runCommand } from './run-command.ts'

/** A line of what the proofs write. */
export type ProofLine = Readonly<Record<string, number | string>> & { readonly proof: string }

export interface ProofFigures {
  readonly tests: { readonly passed: number; readonly failed: number }
  readonly lines: readonly ProofLine[]
}

const MODEL = 'test/prove/model.test.ts'
/** The longest of those that end by themselves. */
const INTERLEAVINGS = 'test/prove/interleavings.test.ts'

/**
 * packages/edge-session/test/prove at its long settings, on two cores: on one the model, which goes on for as long as it
 * may, and `afterModel`; on the other the interleavings, and everything short. `tries`: so many of everything instead, for
 * a short try.
 */
export function runProofs(how: {
  readonly modelMinutes: number
  readonly tries: number | null
  readonly afterModel: () => Promise<void>
}): Promise<Finding> {
  const env = {
    PROVE_MINUTES: String(how.modelMinutes),
    ...(how.tries === null ? {} : { PROVE_RUNS: String(how.tries) }),
  }
  const vitest = ['--filter', 'edge-session', 'exec', 'vitest', 'run']
  const others = ['test/prove', `--exclude=${MODEL}`, `--exclude=${INTERLEAVINGS}`, '--maxWorkers=1']
  return proveBy(env, (run) => {
    const interleavings = run(...vitest, INTERLEAVINGS)
    const model = run(...vitest, MODEL)
    return [interleavings, model.finally(how.afterModel), interleavings.then(() => run(...vitest, ...others))]
  })
}

/** What apps/e2e proves of running apps: everything, or for a short try as much as `npm test`. */
export function runOutside({ short }: { readonly short: boolean }): Promise<Finding> {
  const vitest = ['-C', 'apps/e2e', 'exec', 'vitest', 'run', '--config', 'outside.vitest.config.ts']
  return proveBy(short ? { PROVE: '' } : {}, (run) => [run(...vitest)])
}

/** Runs of vitest beside each other, and what they report. */
async function proveBy(
  settings: Readonly<Record<string, string>>,
  start: (run: (...args: string[]) => Promise<{ code: number }>) => readonly Promise<{ code: number }>[],
): Promise<Finding> {
  const directory = mkdtempSync(join(tmpdir(), 'edge-session-prove-'))
  const lines = join(directory, 'lines.jsonl')
  const env = { PROVE: '1', PROVE_RESULTS: lines, TEST_RESULTS: directory, ...settings }
  try {
    const ended = await Promise.all(start((...args) => runCommand({ ...pnpm(...args), env })))
    const reports = readdirSync(directory).filter((file) => /\.json$/.test(file))
    const tests = reports.map((file) => testsIn(readFileSync(join(directory, file), 'utf8')))
    const failed = tests.flatMap((some) => some.failed)
    if (reports.length !== ended.length) failed.push('not all of the proofs ran to their end')
    const codes = ended.map(({ code }) => code).filter((code) => code !== 0)
    const figures: ProofFigures = {
      tests: { passed: tests.reduce((sum, { passed }) => sum + passed, 0), failed: failed.length },
      lines: readFileSync(lines, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as ProofLine),
    }
    return { figures, failures: [...codes.map((code) => `vitest ended with code ${code}`), ...failed] }
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
