import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A real Redis for the tests, without a database; empty if there is none. */
    redisUrl: string
  }
}

/**
 * Provides `REDIS_URL`, else a `redis-server` from the PATH for the time of the run, which rejects if that does not
 * start. With neither, the suites for a real Redis are skipped.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { REDIS_URL } = process.env
  if (REDIS_URL) {
    const url = new URL(REDIS_URL)
    url.pathname = ''
    project.provide('redisUrl', url.href.replace(/\/$/, ''))
    return async () => {}
  }
  if (!isOnPath('redis-server')) {
    project.provide('redisUrl', '')
    return async () => {}
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { port, stop } = await startRedis()
      project.provide('redisUrl', `redis://127.0.0.1:${port}`)
      return stop
    } catch (error) {
      // A port that was free a moment ago.
      if (attempt === 5 || !String(error).includes('Address already in use')) throw error
    }
  }
}

async function startRedis(): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort()
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const late = setTimeout(() => server.kill(), 30_000)
  let said = ''
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.once('close', () =>
        reject(new Error(`local-kv: the redis-server on the PATH does not start. It said: ${said}`)),
      )
      server.stderr.on('data', (chunk: Buffer) => {
        said += chunk
      })
      server.stdout.on('data', (chunk: Buffer) => {
        said += chunk
        if (said.includes('Ready to accept connections')) resolve()
      })
    })
  } finally {
    clearTimeout(late)
  }
  return {
    port,
    async stop() {
      server.kill()
      await once(server, 'exit')
    },
  }
}

function isOnPath(program: string): boolean {
  const { PATH = '' } = process.env
  return PATH.split(delimiter).some((folder) => existsSync(join(folder, program)))
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
