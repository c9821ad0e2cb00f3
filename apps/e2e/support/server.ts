import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { directoryOf, type Variant } from './variants.ts'

export interface Server {
  readonly origin: string
  readonly port: number
  readonly pid: number
  /** Everything it has printed so far. */
  output(): string
  stop(): Promise<void>
}

export interface StartOptions {
  readonly variant: Variant
  readonly env: Readonly<Record<string, string>>
}

/** Starts a built variant. Rejects with what it printed if it does not get ready. */
export async function startServer(options: StartOptions): Promise<Server> {
  const port = await freePort()
  const { child, output, exited } = spawnServer({ ...options, port })
  const ready = await Promise.race([untilReady({ output }), exited.then(() => false)])
  if (!ready) {
    await kill(child, exited)
    throw new Error(`${options.variant.name} did not start:\n${output()}`)
  }
  return {
    origin: `http://${hostOf(options.variant)}:${port}`,
    port,
    pid: child.pid ?? 0,
    output,
    stop: () => kill(child, exited),
  }
}

export interface FailedStart {
  readonly code: number | null
  readonly output: string
}

/** Starts a variant that should refuse to. `code` is `null` if it got ready instead. */
export async function startRefused(options: StartOptions): Promise<FailedStart> {
  const { child, output, exited } = spawnServer({ ...options, port: await freePort() })
  const code = await Promise.race([exited, untilReady({ output, settle: 1_500 }).then(() => null)])
  await kill(child, exited)
  return { code, output: output() }
}

function spawnServer({ variant, env, port }: StartOptions & { port: number }) {
  const { PATH = '', HOME = '' } = process.env
  const args = ['node_modules/next/dist/bin/next', 'start', '-H', hostOf(variant), '-p', String(port)]
  const child = spawn(process.execPath, args, {
    cwd: directoryOf(variant),
    env: { PATH, HOME, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, output: () => text, exited }
}

/** With a loopback address for -H, Next.js 15 makes every redirect of a middleware point to http://localhost. */
function hostOf({ next }: Variant): string {
  return next === '15' ? 'localhost' : '127.0.0.1'
}

/** Next.js says that it is ready, and with `settle` still is so many ms later. */
async function untilReady({
  output,
  settle = 0,
}: {
  output: () => string
  settle?: number
}): Promise<boolean> {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    if (/Ready in/.test(output())) {
      await pause(settle)
      return true
    }
    await pause(25)
  }
  return false
}

async function kill(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const stubborn = setTimeout(() => child.kill('SIGKILL'), 3_000)
  await exited
  clearTimeout(stubborn)
}

async function freePort(): Promise<number> {
  const first = Math.floor(Math.random() * 100)
  for (let i = 0; i < 100; i += 1) {
    const port = 3_200 + ((first + i) % 100)
    if (await isFree(port)) return port
  }
  throw new Error('Ports 3200 to 3299 are all taken.')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
