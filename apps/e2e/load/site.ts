import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { startRedisServer } from '../../../packages/edge-session/test/support/redis-server.ts'
import { type Server, startServer } from '../support/server.ts'
import { AS_PUBLISHED } from '../support/variants.ts'
import { type KVProcess, startKVProcess } from './kv-process.ts'

/** The demo as in production: Next.js 16 with proxy.ts, before local-kv, before a real Redis. */
export interface Site {
  readonly kv: KVProcess
  readonly servers: readonly Server[]
  /** The first of them. */
  readonly server: Server
  stop(): Promise<void>
}

export interface SiteOptions {
  readonly instances?: number
  /** One `SESSION_SECRET` for all instances; random by default. */
  readonly env?: Readonly<Record<string, string>>
}

export async function startSite({ instances = 1, env = {} }: SiteOptions = {}): Promise<Site> {
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const end of stops.reverse()) await end()
  }
  try {
    const redis = await startRedisServer()
    if (redis === null) throw new Error('There is no redis-server on the PATH. Install Redis.')
    stops.push(redis.stop)
    const kv = await startKVProcess({ redis: redis.url })
    stops.push(kv.stop)
    const all = {
      KV_REST_API_URL: kv.url,
      KV_REST_API_TOKEN: kv.token,
      SESSION_SECRET: randomBytes(32).toString('base64'),
      CRON_SECRET: randomBytes(24).toString('base64url'),
      LOGIN_RATE_LIMIT: '0',
      // A sign-in whose answer a fault swallows leaves a session that nobody has: it must not push others out.
      SESSION_MAX_PER_USER: '1000',
      ...env,
    }
    const servers: Server[] = []
    for (let n = 0; n < instances; n += 1) {
      const server = await startServer({ variant: AS_PUBLISHED, env: all })
      stops.push(server.stop)
      servers.push(server)
    }
    const [server] = servers
    if (server === undefined) throw new RangeError('A site has at least one instance.')
    return { kv, servers, server, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Runs `work` with a site of its own, and stops the site whatever becomes of it. */
export async function withSite<Result>(
  options: SiteOptions,
  work: (site: Site) => Promise<Result>,
): Promise<Result> {
  const site = await startSite(options)
  const ended = () => {
    for (const { pid } of site.servers) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL')
  }
  process.once('exit', ended)
  try {
    return await work(site)
  } finally {
    process.off('exit', ended)
    await site.stop()
  }
}
