import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '../../support/variants.ts'

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** In the repository; default its root. */
  readonly folder?: string
}

/** Runs it, and shows what it prints. */
export function runCommand({
  program,
  args,
  env = {},
  folder = '.',
}: Command): Promise<{ code: number; output: string }> {
  const child = spawn(program, args, {
    cwd: join(REPOSITORY, folder),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = () => child.kill('SIGTERM')
  process.once('exit', stop)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    output += String(chunk)
  })
  child.stderr.pipe(process.stderr, { end: false })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      process.off('exit', stop)
      resolve({ code: code ?? 1, output })
    })
  })
}

/** The package manager this was started with, or the one the repository names. */
export function pnpm(...args: string[]): Command {
  const { npm_execpath: started = '' } = process.env
  if (/pnpm\.c?js$/.test(started)) return { program: process.execPath, args: [started, ...args] }
  const { packageManager } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    packageManager: string
  }
  return { program: 'npx', args: ['--yes', packageManager, ...args] }
}
