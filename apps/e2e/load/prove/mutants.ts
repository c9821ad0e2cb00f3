import type { Finding } from '../scenario.ts'
import { pnpm, runCommand } from './run-command.ts'

export interface MutantFigures {
  readonly killed: number
  readonly mutants: number
}

/** The package broken in ways that others were broken: each has to be noticed by the test named for it. */
export async function runMutants(): Promise<Finding> {
  const { code, output } = await runCommand(pnpm('--filter', 'edge-session', 'mutants'))
  const [, killed, mutants] = /^mutants: (\d+) of (\d+) killed$/m.exec(output) ?? []
  if (killed === undefined) return { figures: {}, failures: ['the mutants did not run to their end'] }
  const survivors = output.split('\n').filter((line) => /^(?:SURVIVED|OUTDATED|NO TEST)/.test(line))
  const figures: MutantFigures = { killed: Number(killed), mutants: Number(mutants) }
  return { figures, failures: code === 0 ? [] : [`mutants ended with code ${code}`, ...survivors] }
}
