import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { DEMO } from '../../support/copy-variant.ts'

/** Where a part was run; versions that were not recorded are `null`. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string | null
  readonly next: string | null
  readonly redis: string | null
  /** Processes that wanted a core in the minute before: what else the machine was doing. */
  readonly loadBefore: number
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    next: (
      JSON.parse(readFileSync(join(DEMO, 'node_modules/next/package.json'), 'utf8')) as { version: string }
    ).version,
    redis: redisVersion(),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}

function redisVersion(): string {
  try {
    return /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown'
  } catch {
    return 'none'
  }
}
