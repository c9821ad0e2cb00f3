import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

export interface RedisServer {
  readonly port: number
  /** Where the nodes of a cluster talk to each other. */
  readonly busPort: number
  readonly url: string
  stop(): Promise<void>
}

/** Ends Redis with its standard input: whoever started it may be killed, and then has no last word. */
const WHILE_INPUT_IS_OPEN =
  'exec 3<&0; redis-server "$@" 3<&- & server=$!; (cat <&3 >/dev/null; kill -9 $server) & wait $server'

const LONGEST_START = 30_000
const TAKEN = 'Address already in use'

/**
 * A Redis of its own on a free loopback port, or `null` where there is no `redis-server` on the PATH: with
 * `REQUIRE_REDIS=1` that is an error. Rejects if there is one that does not start.
 */
export async function startRedisServer(
  kind: 'single' | 'cluster node' = 'single',
): Promise<RedisServer | null> {
  if (!isOnPath('redis-server')) {
    const { REQUIRE_REDIS } = process.env
    if (REQUIRE_REDIS === '1') throw new Error('there is no redis-server on the PATH')
    return null
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(kind)
    } catch (error) {
      // A port that was free a moment ago.
      if (attempt === 5 || !String(error).includes(TAKEN)) throw error
    }
  }
}

async function start(kind: 'single' | 'cluster node'): Promise<RedisServer> {
  const port = await freePort()
  const busPort = await freePort()
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
  const ofNode = kind === 'single' ? [] : ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)]
  const child = spawn('sh', ['-c', WHILE_INPUT_IS_OPEN, 'sh', ...fixed, ...ofNode], { stdio: 'pipe' })
  const late = setTimeout(() => child.stdin.end(), LONGEST_START)
  let said = ''
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => child.stdin.end())
      child.once('close', () =>
        reject(new Error(`the redis-server on the PATH does not start. It said: ${said}`)),
      )
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk
      })
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk
        if (said.includes('Ready to accept connections')) resolve()
      })
    })
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  } finally {
    clearTimeout(late)
  }
  const stop = async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
    await rm(directory, { recursive: true, force: true })
  }
  return { port, busPort, url: `redis://127.0.0.1:${port}`, stop }
}

function isOnPath(program: string): boolean {
  const { PATH = '' } = process.env
  return PATH.split(delimiter).some((folder) => existsSync(join(folder, program)))
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
