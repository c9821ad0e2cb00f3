import { randomBytes, scryptSync } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { directoryOf, E2E, REPOSITORY, type Variant } from './variants.ts'

export const DEMO = join(REPOSITORY, 'apps/demo')
/** Pages that only the tests want, for every variant that is not the demo as published. */
export const FIXTURES = join(E2E, 'fixtures')
export const LIBRARY = join(REPOSITORY, 'packages/edge-session')

/** A copy of the demo and of the built library, with the modules of the variant's Next.js around them. */
export function copyVariant(variant: Variant): void {
  const directory = directoryOf(variant)
  cpSync(DEMO, directory, {
    recursive: true,
    filter: (path) => !/^(?:node_modules|\.next|\.local|\.turbo)$|\.tsbuildinfo$|^\.env/.test(basename(path)),
  })
  // The same places, seen from one directory deeper.
  edit(join(directory, 'tsconfig.json'), (text) => text.replace('../../tsconfig', '../../../../tsconfig'))
  edit(join(directory, 'next.config.ts'), (text) => text.replace("'../..'", "'../../../..'"))
  if (variant.asPublished !== true) {
    cpSync(FIXTURES, directory, { recursive: true })
    cheapenPasswords(directory)
    // For the pages whose getSession() has no proxy before it.
    edit(join(directory, 'proxy.ts'), (text) => text.replace('_next/image)', '_next/image|unmatched/)'))
    // For those that nothing but the proxy guards.
    edit(join(directory, 'session.ts'), (text) => text.replace("'/:tenant/settings',", `$&${PROXIED}`))
  }
  placeProxy(variant)
  linkModules(variant)
}

/** Patterns of the pages of `fixtures/` that ask for no session. */
const PROXIED = `
      '/:tenant/proxied',
      '/:tenant/data/:path*',
      '/vault/:path*',
      '/prerendered',`

const DEMO_COST = [16_384, 8, 5] as const
const TEST_COST = [2, 1, 1] as const

/** Checked as in the demo, at next to no cost: the tests sign in some thousands of times. */
function cheapenPasswords(directory: string): void {
  edit(join(directory, 'users.ts'), (text) => text.replace(DEMO_COST.join('$'), TEST_COST.join('$')))
  edit(join(directory, 'users.json'), (text) => {
    const users = JSON.parse(text) as readonly { readonly id: string }[]
    return JSON.stringify(users.map((user) => ({ ...user, password: cheapHash(`demo-${user.id}`) })))
  })
}

function cheapHash(password: string): string {
  const [N, r, p] = TEST_COST
  const salt = randomBytes(16)
  const hash = scryptSync(password, salt, 32, { N, r, p })
  return ['scrypt', ...TEST_COST, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

function placeProxy(variant: Variant): void {
  const proxy = join(directoryOf(variant), 'proxy.ts')
  if (variant.convention === null) rmSync(proxy)
  if (variant.convention !== 'middleware.ts') return
  edit(proxy, (text) => text.replace("export { proxy } from './session'", MIDDLEWARE[variant.next]))
  renameSync(proxy, join(dirname(proxy), 'middleware.ts'))
  if (variant.next === '15')
    edit(join(dirname(proxy), 'session.ts'), (text) => text.replace('  updateSession,', '$&\n  withSession,'))
}

/** One of them runs another proxy behind the check, which passes on what it is given, and says of /echo what that is. */
const MIDDLEWARE = {
  '16': "export { proxy as middleware } from './session'",
  '15': `import { NextResponse } from 'next/server'
import { withSession } from './session'

export const middleware = withSession(async (request) => {
  const { method, nextUrl, headers } = request
  if (nextUrl.pathname === '/echo') return Response.json([method, await request.text()])
  return NextResponse.next({ request: { headers } })
})`,
} as const

function linkModules(variant: Variant): void {
  const modules = join(directoryOf(variant), 'node_modules')
  for (const name of dependenciesOf(DEMO)) {
    if (name !== 'edge-session') link(join(modules, name), sourceOf(name, variant))
  }
  // As installed from the registry: real files, whose own imports of "next" find the variant's.
  for (const part of ['package.json', 'dist'])
    cpSync(join(LIBRARY, part), join(modules, 'edge-session', part), { recursive: true })
  const { dependencies } = manifestOf(LIBRARY)
  for (const name of Object.keys(dependencies)) link(join(modules, name), join(LIBRARY, 'node_modules', name))
}

function sourceOf(name: string, { next }: Variant): string {
  // TypeScript 7 has no API that Next.js 15 could call.
  if (next === '15' && name === 'next') return join(E2E, 'node_modules/next-15')
  if (next === '15' && name === 'typescript') return join(E2E, 'node_modules/typescript-5')
  return join(DEMO, 'node_modules', name)
}

function link(path: string, target: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(realpathSync(target), path)
}

function dependenciesOf(directory: string): readonly string[] {
  const { dependencies, devDependencies } = manifestOf(directory)
  return Object.keys({ ...dependencies, ...devDependencies })
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function manifestOf(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest
}

function edit(file: string, change: (text: string) => string): void {
  const before = readFileSync(file, 'utf8')
  const after = change(before)
  if (after === before) throw new Error(`${file} has nothing to adapt: the demo has changed.`)
  writeFileSync(file, after)
}
