import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '../scenario.ts'
import { pnpm, runCommand } from './run-command.ts'

/** How many tests each package has, as vitest lists them; they are not run here. */
export interface TestCounts {
  readonly [folder: string]: number
}

const CONFIGS: Readonly<Record<string, readonly string[]>> = {
  'packages/edge-session': [],
  'packages/local-kv': [],
  'apps/e2e': ['--config', 'load/no-build.vitest.config.ts'],
}

export async function countTests(): Promise<Finding> {
  const directory = mkdtempSync(join(tmpdir(), 'edge-session-count-'))
  try {
    const figures: Record<string, number> = {}
    for (const [folder, config] of Object.entries(CONFIGS)) {
      const file = join(directory, 'list.json')
      const { code } = await runCommand(
        pnpm('-C', folder, 'exec', 'vitest', 'list', `--json=${file}`, ...config),
      )
      if (code !== 0) return { figures, failures: [`vitest list ended with code ${code} in ${folder}`] }
      const tests = JSON.parse(readFileSync(file, 'utf8')) as readonly { readonly file: string }[]
      // Those of load/ are about this report.
      figures[folder] = tests.filter((test) => !test.file.includes('/load/')).length
    }
    return { figures, failures: [] }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
