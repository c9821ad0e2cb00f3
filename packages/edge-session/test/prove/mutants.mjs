// Breaks the package in the ways others were broken, one at a time, and checks that the named test notices.
// `pnpm --filter edge-session mutants`, or with words of a mutant's name to try only those. What is broken is a copy.
import { spawn } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { appendFile, cp, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS } from './mutant-list.mjs'

const HOME = join(dirname(fileURLToPath(import.meta.url)), '../..')
const AT_ONCE = 2
/** A mutant may make a test hang; that is no test that noticed. */
const LONGEST = 180_000
const LONGEST_FOR_ALL = 900_000

const root = await mkdtemp(join(tmpdir(), 'edge-session-mutants-'))
const running = new Set()
process.on('exit', leaveNothing)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

const wanted = process.argv.slice(2).join(' ')
const queue = MUTANTS.filter(({ name }) => name.includes(wanted))
if (queue.length === 0) throw new Error(`No mutant is named "${wanted}".`)
const copies = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => makeCopy(join(root, String(n)))))

await checkThatAllIsWellWithoutThem(queue, copies[0])
const verdicts = new Map()
const waiting = [...queue]
await Promise.all(
  copies.map(async (copy) => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const verdict = await tryOut(mutant, copy)
      verdicts.set(mutant.name, verdict)
      console.log(`${verdict.padEnd(8)} ${mutant.name} (${mutant.test})`)
    }
  }),
)

const survivors = queue.map(({ name }) => name).filter((name) => verdicts.get(name) !== 'killed')
const total = queue.length
const killed = total - survivors.length
console.log(`mutants: ${killed} of ${total} killed`)
await writeCount({ total, killed, survivors })
process.exitCode = survivors.length === 0 ? 0 : 1

/** With `PROVE_RESULTS` as a directory into its `mutants.json`, as a file a line more of it, as the other proofs do. */
async function writeCount(count) {
  const { PROVE_RESULTS } = process.env
  if (!PROVE_RESULTS) return
  const directory = statSync(PROVE_RESULTS, { throwIfNoEntry: false })?.isDirectory()
  if (directory) await writeFile(join(PROVE_RESULTS, 'mutants.json'), `${JSON.stringify(count)}\n`)
  else await appendFile(PROVE_RESULTS, `${JSON.stringify({ proof: 'mutants', ...count })}\n`)
}

async function makeCopy(place) {
  const copy = join(place, 'packages/edge-session')
  await mkdir(copy, { recursive: true })
  await cp(join(HOME, '../../tsconfig.base.json'), join(place, 'tsconfig.base.json'))
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    await cp(join(HOME, name), join(copy, name), { recursive: true })
  await symlink(join(HOME, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** Else nothing that follows would mean anything. */
async function checkThatAllIsWellWithoutThem(mutants, copy) {
  const files = [...new Set(mutants.map(({ test }) => test))]
  const names = mutants.map(({ named }) => named)
  const { tests, output, timedOut } = await runTests(copy, { files, names, limit: LONGEST_FOR_ALL })
  const broken = tests.filter(({ status }) => status === 'failed')
  if (timedOut || tests.length === 0 || broken.length > 0) {
    console.error(
      output,
      ...broken.map(({ fullName, failureMessages }) => `\n${fullName}\n${failureMessages}`),
    )
    throw new Error(timedOut ? 'The tests take too long as it is.' : 'The tests fail as it is.')
  }
}

async function tryOut({ file, find, replace, test, named }, copy) {
  const path = join(copy, 'src/lib', file)
  const original = await readFile(path, 'utf8')
  if (original.split(find).length !== 2) return 'OUTDATED'
  const changed = original.replace(find, () => replace)
  await writeFile(path, changed)
  const { tests, timedOut } = await runTests(copy, { files: [test], names: [named] })
  await writeFile(path, original)
  if (timedOut) return 'HANGS'
  // Also when the file does not load: a mutant that is no program proves nothing about a test.
  if (tests.length === 0) return 'NO TEST'
  return tests.some(({ status }) => status === 'failed') ? 'killed' : 'SURVIVED'
}

/** The tests that ran, with their verdicts. */
async function runTests(copy, { files, names, limit = LONGEST }) {
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const args = [
    join(copy, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...files.map((file) => `test/${file}`),
    '-t',
    names.map(asPattern).join('|'),
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  const { output, timedOut } = await run(args, { cwd: copy, limit })
  const written = await readFile(report, 'utf8').catch(() => '{"testResults":[]}')
  const tests = JSON.parse(written).testResults.flatMap(({ assertionResults }) => assertionResults)
  return { tests: tests.filter(({ status }) => status !== 'skipped'), output, timedOut }
}

function run(args, { cwd, limit }) {
  return new Promise((resolve, reject) => {
    // As long as usual, whatever this is part of; and a process group of its own, so that what it starts ends with it.
    const env = { ...process.env, PROVE: '', PROVE_RUNS: '', PROVE_RESULTS: '', TEST_RESULTS: '' }
    const child = spawn(process.execPath, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    let output = ''
    let timedOut = false
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk
      })
    const timer = setTimeout(() => {
      timedOut = true
      end(child)
    }, limit)
    child.once('error', reject)
    child.once('close', () => {
      clearTimeout(timer)
      running.delete(child)
      resolve({ output, timedOut })
    })
  })
}

function end({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function leaveNothing() {
  for (const child of running) end(child)
  rmSync(root, { recursive: true, force: true })
}

function asPattern(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
