// Breaks the package in the ways others were broken, one at a time, and checks that the named test notices.
// `pnpm --filter edge-session mutants`, or with words of a mutant's name to try only those.
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS } from './mutant-list.mjs'

const HOME = join(dirname(fileURLToPath(import.meta.url)), '../..')
const wanted = process.argv.slice(2).join(' ')

const root = await mkdtemp(join(tmpdir(), 'edge-session-mutants-'))
const copy = join(root, 'packages/edge-session')
await mkdir(copy, { recursive: true })
await cp(join(HOME, '../../tsconfig.base.json'), join(root, 'tsconfig.base.json'))
for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
  await cp(join(HOME, name), join(copy, name), { recursive: true })
await symlink(join(HOME, 'node_modules'), join(copy, 'node_modules'))

// Without a mutant all is well, else nothing below would mean anything.
const files = [...new Set(MUTANTS.map(({ test }) => `test/${test}`))]
const control = spawnSync('npx', ['vitest', 'run', ...files], { cwd: copy, encoding: 'utf8' })
if (control.status !== 0) {
  console.error(control.stdout, control.stderr)
  throw new Error('The tests fail as it is.')
}

const survivors = []
let count = 0
for (const mutant of MUTANTS) {
  if (!mutant.name.includes(wanted)) continue
  count += 1
  const verdict = await tryOut(mutant)
  if (verdict !== 'killed') survivors.push(mutant.name)
  console.log(`${verdict.padEnd(8)} ${mutant.name} (${mutant.test})`)
}
await rm(root, { recursive: true, force: true })
console.log(`mutants: ${count - survivors.length} of ${count} killed`)
process.exitCode = survivors.length === 0 ? 0 : 1

async function tryOut({ file, find, replace, test, named }) {
  const path = join(copy, 'src/lib', file)
  const original = await readFile(path, 'utf8')
  if (original.split(find).length !== 2) return 'OUTDATED'
  await writeFile(
    path,
    original.replace(find, () => replace),
  )
  const report = join(root, 'report.json')
  await rm(report, { force: true })
  const args = [
    'vitest',
    'run',
    `test/${test}`,
    '-t',
    asPattern(named),
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  spawnSync('npx', args, { cwd: copy, stdio: 'ignore' })
  await writeFile(path, original)
  const { testResults } = JSON.parse(await readFile(report, 'utf8'))
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const ran = tests.filter(({ status }) => status === 'passed' || status === 'failed')
  if (ran.length === 0) return 'NO TEST'
  return ran.some(({ status }) => status === 'failed') ? 'killed' : 'SURVIVED'
}

function asPattern(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
