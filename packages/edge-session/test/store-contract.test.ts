import { Redis as UpstashRedis } from '@upstash/redis'
import { createClient as createVercelKV } from '@vercel/kv'
import { Cluster, Redis as IORedis } from 'ioredis'
import { startLocalKV } from 'local-kv'
import { createClient, createCluster } from 'redis'
import { afterAll } from 'vitest'
import { memoryStore } from '../src/lib/memory-store.ts'
import { ioredisTransport } from '../src/lib/transports/ioredis.ts'
import { redisTransport } from '../src/lib/transports/redis.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { upstashTransport } from '../src/lib/transports/upstash.ts'
import { vercelKVTransport } from '../src/lib/transports/vercel-kv.ts'
import { describeKVStore, describeStore } from './support/describe-store.ts'
import { startRedisCluster } from './support/redis-cluster.ts'
import { provideRedis } from './support/redis-server.ts'

const stops: (() => Promise<unknown> | unknown)[] = []
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

describeStore('memoryStore', {
  clock: 'moves',
  changes: true,
  async createStore() {
    let time = 1_800_000_000_000
    const now = () => time
    const advance = (ms: number) => {
      time += ms
    }
    return { store: memoryStore({ now }), now, advance }
  },
})

const kv = await startLocalKV()
stops.push(kv.stop)
const { url, token } = kv
const enableTelemetry = false
describeKVStore('restTransport', { engine: 'embedded', transport: restTransport({ url, token }) })
describeKVStore('restTransport with a change feed', {
  engine: 'embedded',
  changes: true,
  transport: restTransport({ url, token }),
})
describeKVStore('upstashTransport', {
  engine: 'embedded',
  transport: upstashTransport(new UpstashRedis({ url, token, enableTelemetry })),
})
describeKVStore('upstashTransport of a client that neither encodes nor deserialises', {
  engine: 'embedded',
  transport: upstashTransport(
    new UpstashRedis({
      url,
      token,
      enableTelemetry,
      responseEncoding: false,
      automaticDeserialization: false,
    }),
  ),
})
describeKVStore('vercelKVTransport', {
  engine: 'embedded',
  transport: vercelKVTransport(createVercelKV({ url, token, enableTelemetry })),
})

const redis = await provideRedis(9)
if (redis !== null) {
  stops.push(redis.stop)
  const front = await startLocalKV({ redis: redis.url })
  stops.push(front.stop)
  for (const changes of [false, true]) {
    describeKVStore(`restTransport to a real Redis${changes ? ' with a change feed' : ''}`, {
      engine: 'remote',
      changes,
      transport: restTransport({ url: front.url, token: front.token }),
    })
  }

  const ioredis = new IORedis(redis.url)
  stops.push(() => ioredis.disconnect())
  describeKVStore('ioredisTransport', { engine: 'remote', transport: ioredisTransport(ioredis) })
  const prefixed = new IORedis(redis.url, { keyPrefix: 'app:' })
  stops.push(() => prefixed.disconnect())
  describeKVStore('ioredisTransport with a prefix of its own and a change feed', {
    engine: 'remote',
    changes: true,
    transport: ioredisTransport(prefixed),
  })

  const client = await createClient({ url: redis.url })
    .on('error', () => {})
    .connect()
  stops.push(() => client.close())
  describeKVStore('redisTransport', { engine: 'remote', transport: redisTransport(client) })
}

const cluster = await startRedisCluster()
if (cluster !== null) {
  stops.push(cluster.stop)
  const ioredis = new Cluster([...cluster.nodes])
  stops.push(() => ioredis.disconnect())
  for (const changes of [false, true]) {
    describeKVStore(`ioredisTransport to a Redis Cluster${changes ? ' with a change feed' : ''}`, {
      engine: 'remote',
      changes,
      transport: ioredisTransport(ioredis),
    })
  }

  const rootNodes = cluster.nodes.map((socket) => ({ socket }))
  const client = await createCluster({ rootNodes })
    .on('error', () => {})
    .connect()
  stops.push(() => client.close())
  for (const changes of [false, true]) {
    describeKVStore(`redisTransport to a Redis Cluster${changes ? ' with a change feed' : ''}`, {
      engine: 'remote',
      changes,
      transport: redisTransport(client),
    })
  }
}
