import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RedisServer {
  readonly port: number
  readonly url: string
  stop(): Promise<void>
}

/** A Redis on a free loopback port that keeps nothing on disk. Its process ends with ours. */
export async function startRedisServer(options: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'edge-session-benchmark-'))
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
  const inMemory = ['--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', [...fixed, ...inMemory, ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const killed = () => child.kill('SIGKILL')
  process.once('exit', killed)
  process.once('SIGTERM', leave)
  process.once('SIGINT', leave)
  await new Promise<void>((resolve, reject) => {
    child.once('error', () => reject(new Error('There is no redis-server on the PATH.')))
    child.once('exit', () => reject(new Error('redis-server did not start.')))
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready to accept connections')) resolve()
    })
  })
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      process.off('exit', killed)
      process.off('SIGTERM', leave)
      process.off('SIGINT', leave)
      if (child.exitCode === null && child.kill()) await once(child, 'exit')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** So that `exit` is heard of, which it is not when a signal ends the process. */
function leave(): void {
  process.exit(1)
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
