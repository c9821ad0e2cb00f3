import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { ROOT } from './repository.ts'

/** Where and with what figures were measured. */
export interface Surroundings {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly node: string
  readonly edgeSession: string
}

export async function describeSurroundings(): Promise<Surroundings> {
  const run = promisify(execFile)
  const { stdout } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT })
  const manifest: unknown = JSON.parse(await readFile(`${ROOT}/packages/edge-session/package.json`, 'utf8'))
  const version = manifest instanceof Object && 'version' in manifest ? String(manifest.version) : 'unknown'
  const [{ model } = { model: 'unknown processor' }] = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: stdout.trim(),
    machine: `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.versions.node,
    edgeSession: version,
  }
}
