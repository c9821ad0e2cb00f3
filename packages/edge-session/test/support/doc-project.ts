import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, posix } from 'node:path'
import { type DocBlock, type DocPage, ROOT } from './doc-pages.ts'

interface Line {
  readonly text: string
  /** Page and line. */
  readonly at: string
}

type Files = ReadonlyMap<string, readonly Line[]>

/** Blocks of a page that go together, as an app of a user would have them. */
interface App {
  readonly files: Map<string, readonly Line[]>
  /** The files that are this app's own; of the others only those are compiled that these import. */
  readonly own: Set<string>
}

const FILE_NAME = /^\/\/ ([^\s,]+\.tsx?)(?:,.*)?$/

/**
 * Compiles the TypeScript of `pages` and resolves to what is wrong with it, by page and line.
 *
 * - `// session.ts` as a block's first line names its file, so that other blocks can import `./session` or `@/session`.
 * - A name that comes again starts another app, in which the new file takes the place of the old one.
 * - A block that has no name and neither imports nor exports goes on where the one before it ended.
 * - Pages of docs/ build on the first app of `base`.
 */
export async function compileDocs(pages: readonly DocPage[], base: string): Promise<readonly string[]> {
  const [first] = pages.filter(({ path }) => path === base).flatMap((page) => appsOf(page, new Map()))
  const apps = pages.flatMap((page) => appsOf(page, page.path.startsWith('docs/') ? first?.files : undefined))
  const cache = join(ROOT, 'packages/edge-session/node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'docs-'))
  try {
    const origins = new Map(
      apps.flatMap(({ files }, index) => write(files, { folder, name: `app-${index}` })),
    )
    const files = apps.flatMap(({ own }, index) => [...own].map((file) => `app-${index}/${file}`))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files }))
    return explain(await compile(folder), origins)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function appsOf(page: DocPage, shared: Files = new Map()): readonly App[] {
  const apps: App[] = []
  let app: App = { files: new Map(shared), own: new Set() }
  let current = ''
  for (const [index, block] of page.blocks.entries()) {
    if (block.language !== 'ts' && block.language !== 'tsx') continue
    const lines = linesOf(page, block)
    const name = FILE_NAME.exec(lines[0]?.text ?? '')?.[1]
    if (name !== undefined && app.files.has(name)) app = { files: new Map(app.files), own: new Set() }
    if (!apps.includes(app)) apps.push(app)
    const goesOn = name === undefined && !/^(?:import|export) /m.test(block.text) && app.own.has(current)
    if (!goesOn) current = name ?? `block-${index}.tsx`
    app.files.set(current, goesOn ? [...(app.files.get(current) ?? []), ...lines] : lines)
    app.own.add(current)
  }
  return apps
}

function linesOf({ path }: DocPage, { text, line }: DocBlock): readonly Line[] {
  return text.split('\n').map((content, index) => ({ text: content, at: `${path}:${line + index}` }))
}

/** Writes the files; gives for each where its lines stand in the documentation. */
function write(
  files: Files,
  { folder, name }: { folder: string; name: string },
): [string, readonly Line[]][] {
  return [...files].map(([file, lines]) => {
    const root = posix.relative(posix.dirname(file), '.') || '.'
    const path = join(folder, name, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, lines.map(({ text }) => text.replace(/(['"])@\//g, `$1${root}/`)).join('\n'))
    return [`${name}/${file}`, lines]
  })
}

const SOURCE = '../../../src'
const COMPILER_OPTIONS = {
  target: 'ES2022',
  lib: ['ES2022', 'DOM', 'DOM.Iterable'],
  module: 'ESNext',
  moduleResolution: 'bundler',
  moduleDetection: 'force',
  jsx: 'react-jsx',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  types: ['node'],
  paths: {
    'edge-session': [`${SOURCE}/index.ts`],
    'edge-session/*': [`${SOURCE}/*.ts`],
    'local-kv': ['../../../../local-kv/src/index.ts'],
  },
}

/** TypeScript 7 has no stable API for programs, so its command does the work. Resolves to what it prints. */
function compile(folder: string): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json')
  const command = [join(dirname(manifest), 'bin/tsc'), '-p', '.', '--pretty', 'false']
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { cwd: folder, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      // With errors in the code it fails, but prints them; without any output it did not get as far.
      if (error !== null && stdout === '') reject(new Error(stderr || error.message))
      else resolve(stdout)
    })
  })
}

/** The first line of each error in the documentation. What is wrong in the package itself, its own check tells. */
function explain(output: string, origins: ReadonlyMap<string, readonly Line[]>): readonly string[] {
  const errors = output.split('\n').flatMap((line) => {
    const [, file = '', number = '', message = ''] = /^(.+?)\((\d+),\d+\): (.*)$/.exec(line) ?? []
    const origin = origins.get(file)?.[Number(number) - 1]
    if (origin !== undefined) return [`${origin.at} ${message}`]
    return file.startsWith('../') || /^\s|^$/.test(line) ? [] : [line]
  })
  return [...new Set(errors)]
}
