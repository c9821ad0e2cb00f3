import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A real Redis for the tests, without a database; empty if there is none. */
    redisUrl: string
  }
}

/** Provides `REDIS_URL`, else a `redis-server` from the PATH for the time of the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { REDIS_URL } = process.env
  if (REDIS_URL) {
    const url = new URL(REDIS_URL)
    url.pathname = ''
    project.provide('redisUrl', url.href.replace(/\/$/, ''))
    return async () => {}
  }
  const port = await freePort()
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const started = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.once('exit', () => resolve(false))
    server.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready to accept connections')) resolve(true)
    })
  })
  project.provide('redisUrl', started ? `redis://127.0.0.1:${port}` : '')
  if (!started) {
    console.log(
      'local-kv: no REDIS_URL and no redis-server on the PATH, so the tests run on the embedded engine only.',
    )
    return async () => {}
  }
  return async () => {
    server.kill()
    await once(server, 'exit')
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
