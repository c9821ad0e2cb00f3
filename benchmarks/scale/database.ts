import { kvStore, type SessionStore } from 'edge-session'
import { ioredisTransport } from 'edge-session/transports/ioredis'
import { Redis } from 'ioredis'
import { type RedisServer, startRedisServer } from './redis-server.ts'

/** A Redis of its own and the package's store on it. */
export interface Database {
  readonly store: SessionStore
  /** Commands that the package has sent. */
  sent(): number
  /** What Redis says about itself, by name. */
  info(section: 'commandstats' | 'memory' | 'keyspace' | 'server'): Promise<ReadonlyMap<string, string>>
  /** Bytes of one user's key. */
  bytesOf(userId: string): Promise<number>
  stop(): Promise<void>
}

export async function openDatabase(options: readonly string[] = []): Promise<Database> {
  const server: RedisServer = await startRedisServer(options)
  const redis = new Redis(server.url)
  let sent = 0
  const transport = ioredisTransport({
    call(command, args) {
      sent += 1
      return redis.call(command, args)
    },
    multi: (commands) => redis.multi(commands),
  })
  // A busy machine is no outage.
  const store = kvStore({ transport, timeout: 120_000 })
  // The first script finds out that plain Redis does not know Upstash's flags, and is sent twice.
  await store.list('nobody')

  return {
    store,
    sent: () => sent,
    async info(section) {
      const text = await redis.info(section)
      return new Map(
        text.split('\r\n').flatMap((line): [string, string][] => {
          const at = line.indexOf(':')
          return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
        }),
      )
    },
    async bytesOf(userId) {
      return Number(await redis.memory('USAGE', `session:${userId}`, 'SAMPLES', 0))
    },
    async stop() {
      redis.disconnect()
      await server.stop()
    },
  }
}
