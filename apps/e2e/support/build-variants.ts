import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyVariant, DEMO, FIXTURES, LIBRARY } from './copy-variant.ts'
import { ALL, directoryOf, E2E, REPOSITORY, type Variant } from './variants.ts'

/** Builds what has changed since the last run, two at a time. Vitest calls it once before all tests. */
export default function buildAll(): Promise<void> {
  return buildVariants(ALL)
}

export async function buildVariants(variants: readonly Variant[]): Promise<void> {
  const waiting = variants.filter((variant) => !isBuilt(variant))
  await Promise.all(
    [1, 2].map(async () => {
      for (let variant = waiting.shift(); variant !== undefined; variant = waiting.shift()) {
        await build(variant)
      }
    }),
  )
}

async function build(variant: Variant): Promise<void> {
  const directory = directoryOf(variant)
  const started = Date.now()
  const fingerprint = fingerprintOf(variant)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  copyVariant(variant)
  const { code, output } = await run(directory, ['node_modules/next/dist/bin/next', 'build'])
  await writeFile(join(directory, 'build.log'), output)
  if (code !== 0) throw new Error(`${variant.name} does not build:\n${output.slice(-4_000)}`)
  writeFileSync(join(directory, 'fingerprint'), fingerprint)
  console.log(`${variant.name} built in ${Math.round((Date.now() - started) / 1_000)} s`)
}

function run(cwd: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const { PATH = '', HOME = '' } = process.env
    const env = { PATH, HOME, CI: '1', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' as const }
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

function isBuilt(variant: Variant): boolean {
  const file = join(directoryOf(variant), 'fingerprint')
  return existsSync(file) && readFileSync(file, 'utf8') === fingerprintOf(variant)
}

/** Changes with anything that goes into the build. */
function fingerprintOf(variant: Variant): string {
  const hash = createHash('sha256').update(JSON.stringify(variant))
  const roots = [
    DEMO,
    FIXTURES,
    join(LIBRARY, 'dist'),
    join(LIBRARY, 'package.json'),
    join(REPOSITORY, 'pnpm-lock.yaml'),
    join(REPOSITORY, 'tsconfig.base.json'),
    join(E2E, 'support/copy-variant.ts'),
    join(E2E, 'package.json'),
  ]
  for (const file of roots.flatMap(filesBelow)) hash.update(file).update(readFileSync(file))
  return hash.digest('hex')
}

function filesBelow(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => !/^(?:node_modules|\.next|\.local|\.turbo|next-env\.d\.ts)$|\.tsbuildinfo$/.test(name))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
}
