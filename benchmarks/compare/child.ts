import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Started {
  readonly pid: number
  readonly output: () => string
  stop(): Promise<void>
}

const living = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/** Starts a Node.js program and waits until it prints what `ready` matches. Its process ends with ours. */
export async function startChild(
  args: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>>; ready: RegExp },
): Promise<Started> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, args, {
    cwd: options.cwd,
    env: { PATH, HOME, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  living.add(child)
  const output = await untilReady(child, options.ready)
  return {
    pid: child.pid ?? 0,
    output,
    async stop() {
      living.delete(child)
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const stubborn = setTimeout(() => child.kill('SIGKILL'), 3_000)
      await exited
      clearTimeout(stubborn)
    },
  }
}

function untilReady(child: ChildProcess, ready: RegExp): Promise<() => string> {
  return new Promise((resolve, reject) => {
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        if (ready.test(text)) resolve(() => text)
      })
    }
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${child.spawnargs.join(' ')} did not start:\n${text}`)))
  })
}
