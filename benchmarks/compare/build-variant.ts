import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ROOT } from '../scale/repository.ts'
import type { Variant } from './variants.ts'

export const BENCHMARKS: string = join(ROOT, 'benchmarks')

const LIBRARY = join(ROOT, 'packages/edge-session')

type Build = Pick<Variant, 'layer' | 'convention'>

/** Variants of one layer and convention differ in their environment alone, so they share a build. */
export function directoryOf({ layer, convention }: Build): string {
  return join(BENCHMARKS, '.local/builds', `${layer}-${convention ?? 'without'}`.replaceAll('.', '-'))
}

/** Production builds of what has changed since the last run, two at a time. */
export async function buildVariants(variants: readonly Variant[]): Promise<void> {
  const builds = new Map<string, Build>(variants.map((variant) => [directoryOf(variant), variant]))
  const waiting = [...builds.values()].filter((build) => !isBuilt(build))
  await Promise.all(
    [1, 2].map(async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await build(next)
    }),
  )
}

/** What the build runs as its proxy, seen from the folder of the build. */
export function proxyModuleOf({ layer, convention }: Build): string {
  const edge =
    convention === 'middleware.ts' && existsSync(join(BENCHMARKS, 'layers', layer, 'edge-proxy.ts'))
  return edge ? '@/layer/edge-proxy' : '@/layer/proxy'
}

async function build(variant: Build): Promise<void> {
  const started = Date.now()
  const fingerprint = fingerprintOf(variant)
  const directory = directoryOf(variant)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  await cp(join(BENCHMARKS, 'site'), directory, { recursive: true })
  for (const name of layersOf(variant.layer)) {
    await cp(join(BENCHMARKS, 'layers', name), join(directory, 'layers', name), { recursive: true })
  }
  await writeFile(join(directory, 'tsconfig.json'), tsconfigOf(variant))
  if (variant.convention !== null) await writeFile(join(directory, variant.convention), entryOf(variant))
  if (isOurs(variant.layer)) await installLibrary(directory)
  const { code, output } = await next(directory, ['build'])
  if (code !== 0) throw new Error(`${directory} does not build:\n${output.slice(-4_000)}`)
  await writeFile(join(directory, 'fingerprint'), fingerprint)
  console.log(`built ${variant.layer} (${variant.convention ?? 'no proxy'}) in ${seconds(started)} s`)
}

function entryOf(variant: Build): string {
  const name = variant.convention === 'middleware.ts' ? 'proxy as middleware' : 'proxy'
  return `export { ${name} } from '${proxyModuleOf(variant)}'

export const config = { matcher: '/((?!_next/static/|_next/image).*)' }
`
}

function tsconfigOf({ layer }: Build): string {
  const paths = { '@/layer/*': [`./layers/${layer}/*`], '@/*': ['./*'] }
  return JSON.stringify({
    extends: '../../../site/tsconfig.json',
    compilerOptions: { paths },
    include: ['**/*.ts', '**/*.tsx'],
  })
}

/** As from the registry: real files, of this moment, beside the one Next.js of the site. */
async function installLibrary(directory: string): Promise<void> {
  const target = join(directory, 'node_modules/edge-session')
  for (const part of ['package.json', 'dist']) {
    await cp(join(LIBRARY, part), join(target, part), { recursive: true })
  }
  const manifest: unknown = JSON.parse(readFileSync(join(LIBRARY, 'package.json'), 'utf8'))
  const { dependencies } = manifest as { dependencies: Readonly<Record<string, string>> }
  for (const name of Object.keys(dependencies)) {
    const path = join(directory, 'node_modules', name)
    await mkdir(dirname(path), { recursive: true })
    await symlink(realpathSync(join(LIBRARY, 'node_modules', name)), path)
  }
}

function next(cwd: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const { PATH = '', HOME = '' } = process.env
    const env = { PATH, HOME, CI: '1', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' as const }
    const child = spawn(process.execPath, [NEXT, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
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

export const NEXT: string = join(BENCHMARKS, 'node_modules/next/dist/bin/next')

function isBuilt(variant: Build): boolean {
  const file = join(directoryOf(variant), 'fingerprint')
  return existsSync(file) && readFileSync(file, 'utf8') === fingerprintOf(variant)
}

/** Changes with anything that goes into the build. */
function fingerprintOf({ layer, convention }: Build): string {
  const hash = createHash('sha256').update(JSON.stringify({ layer, convention }))
  const roots = [
    join(BENCHMARKS, 'site'),
    ...layersOf(layer).map((name) => join(BENCHMARKS, 'layers', name)),
    ...(isOurs(layer) ? [join(LIBRARY, 'dist')] : []),
    join(BENCHMARKS, 'compare/build-variant.ts'),
    join(ROOT, 'pnpm-lock.yaml'),
  ]
  for (const file of roots.flatMap(filesBelow)) hash.update(file).update(readFileSync(file))
  return hash.digest('hex')
}

/** A layer may import from others, but nobody's from ours. */
function layersOf(layer: string): readonly string[] {
  return readdirSync(join(BENCHMARKS, 'layers')).filter((name) => name === layer || !isOurs(name))
}

function isOurs(layer: string): boolean {
  return layer.startsWith('edge-session')
}

function filesBelow(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
}

function seconds(started: number): number {
  return Math.round((Date.now() - started) / 1_000)
}
