import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** One step of ours and the least that any library has to do for it. */
export interface MicroResult {
  readonly name: string
  readonly floor: string
  /** Microseconds, the median of all repetitions. */
  readonly microseconds: number
  readonly floorMicroseconds: number
  /** Ours to the floor, in the same repetition. */
  readonly ratio: { readonly median: number; readonly lowest: number; readonly highest: number }
}

/** In a process of its own, which has compiled and collected nothing else. */
export async function runMicro(options: {
  redis: string
  repetitions: number
}): Promise<readonly MicroResult[]> {
  const dist = join(import.meta.dirname, '..')
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=react-server',
    '--import',
    join(dist, 'scale/next-in-node.js'),
    join(dist, 'micro/command.js'),
    options.redis,
    String(options.repetitions),
  ])
  return JSON.parse(stdout) as readonly MicroResult[]
}
