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

/** Ends Redis with its standard input: whoever started it may be killed, and then has no last word. */
const WHILE_INPUT_IS_OPEN =
  'exec 3<&0; redis-server "$@" 3<&- & server=$!; (cat <&3 >/dev/null; kill -9 $server) & wait $server'

/** A Redis of its own on a free loopback port, or `null` where there is no `redis-server` on the PATH. */
export async function startRedisServer(options: readonly string[] = []): Promise<RedisServer | null> {
  const port = await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'edge-session-redis-'))
  const fixed = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    directory,
  ]
  const child = spawn('sh', ['-c', WHILE_INPUT_IS_OPEN, 'sh', ...fixed, ...options], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const started = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false))
    child.once('exit', () => resolve(false))
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready to accept connections')) resolve(true)
    })
  })
  const stop = async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
    await rm(directory, { recursive: true, force: true })
  }
  if (started) return { port, url: `redis://127.0.0.1:${port}`, stop }
  await rm(directory, { recursive: true, force: true })
  return null
}

/** A local KV takes its own database and, for a lagging replica, empties and fills the two after it. */
const DATABASES_OF_A_KV = 3
/** A Redis has 16 databases: 0 to 8 are for the workers of the test runner, the others for single files. */
export const WORKERS_ON_ONE_REDIS = 3

/**
 * The Redis of `REDIS_URL`, in a database of its own as other files empty theirs; else one started for this file; else
 * `null` and a line on the console.
 */
export async function provideRedis(database: 9 | 12 | 15): Promise<Pick<RedisServer, 'url' | 'stop'> | null> {
  const { REDIS_URL } = process.env
  if (REDIS_URL !== undefined && REDIS_URL !== '') {
    const url = new URL(REDIS_URL)
    url.pathname = `/${database}`
    return { url: url.href, stop: async () => {} }
  }
  const server = await startRedisServer()
  if (server === null)
    console.log(
      'edge-session: no REDIS_URL and no redis-server on the PATH, so nothing runs on a real Redis.',
    )
  return server
}

/**
 * For suites that empty their database: the Redis of `REDIS_URL` with databases for each worker of the test runner.
 * `undefined` without `REDIS_URL`: then local-kv's own engine serves.
 */
export function redisOfWorker(): string | undefined {
  const { REDIS_URL, VITEST_POOL_ID } = process.env
  if (REDIS_URL === undefined || REDIS_URL === '') return undefined
  const url = new URL(REDIS_URL)
  const worker = Number(VITEST_POOL_ID ?? 1)
  if (worker > WORKERS_ON_ONE_REDIS) throw new Error(`no database left for worker ${worker}`)
  url.pathname = `/${(worker - 1) * DATABASES_OF_A_KV}`
  return url.href
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
