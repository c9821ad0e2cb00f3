import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BENCHMARKS } from './build-variant.ts'

const PACKAGES = [
  'edge-session',
  'next',
  'react',
  'iron-session',
  'better-auth',
  'next-auth',
  '@auth/upstash-redis-adapter',
  '@upstash/redis',
  'autocannon',
  'esbuild',
  'tinybench',
]

/** Of everything that takes part in the measurement. */
export async function describeVersions(): Promise<Readonly<Record<string, string>>> {
  const packages = await Promise.all(PACKAGES.map(async (name) => [name, await versionOf(name)] as const))
  const { stdout } = await promisify(execFile)('redis-server', ['--version'])
  const redis = /v=(\S+)/.exec(stdout)?.[1] ?? 'unknown'
  return { ...Object.fromEntries(packages), Redis: redis, 'Node.js': process.versions.node, Linux: release() }
}

async function versionOf(name: string): Promise<string> {
  const manifest: unknown = JSON.parse(
    await readFile(join(BENCHMARKS, 'node_modules', name, 'package.json'), 'utf8'),
  )
  return (manifest as { version: string }).version
}
