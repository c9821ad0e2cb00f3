import { Redis as UpstashRedis } from '@upstash/redis'
import { createClient as createVercelKV } from '@vercel/kv'
import { Cluster, Redis as IORedis } from 'ioredis'
import { startLocalKV } from 'local-kv'
import { createClient, createCluster } from 'redis'
import { afterAll, describe } from 'vitest'
import type { KVTransport } from '../src/lib/kv-transport.ts'
import { memoryStore } from '../src/lib/memory-store.ts'
import { ioredisTransport } from '../src/lib/transports/ioredis.ts'
import { redisTransport } from '../src/lib/transports/redis.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { upstashTransport } from '../src/lib/transports/upstash.ts'
import { vercelKVTransport } from '../src/lib/transports/vercel-kv.ts'
import { describeKVStore, describeStore } from './support/describe-store.ts'
import { ON_REDIS, provideRedis } from './support/provide-redis.ts'
import { ON_CLUSTER, startRedisCluster } from './support/redis-cluster.ts'

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
const overUpstash = upstashTransport(new UpstashRedis({ url, token, enableTelemetry }))
describeKVStore('upstashTransport', { engine: 'embedded', transport: overUpstash })
describeKVStore('upstashTransport: the change feed', {
  engine: 'embedded',
  changes: 'only',
  transport: overUpstash,
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
const overVercelKV = vercelKVTransport(createVercelKV({ url, token, enableTelemetry }))
describeKVStore('vercelKVTransport', { engine: 'embedded', transport: overVercelKV })
describeKVStore('vercelKVTransport: the change feed', {
  engine: 'embedded',
  changes: 'only',
  transport: overVercelKV,
})

const redis = await provideRedis(9)
if (redis !== null) stops.push(redis.stop)
describe.skipIf(redis === null)(ON_REDIS, () => {
  const url = redis?.url ?? ''

  /** Over HTTP, as Upstash has it in front of its Redis. */
  const behindHttp = (transportTo: (kv: { url: string; token: string }) => KVTransport) =>
    connecting(async () => {
      const front = await startLocalKV({ redis: url })
      stops.push(front.stop)
      return transportTo({ url: front.url, token: front.token })
    })
  const overHttp = behindHttp(restTransport)
  for (const changes of [false, true]) {
    describeKVStore(`restTransport to a real Redis${changes ? ' with a change feed' : ''}`, {
      engine: 'remote',
      changes,
      transport: overHttp,
    })
  }

  describeKVStore('upstashTransport to a real Redis', {
    engine: 'remote',
    transport: behindHttp((kv) => upstashTransport(new UpstashRedis({ ...kv, enableTelemetry }))),
  })
  describeKVStore('vercelKVTransport to a real Redis', {
    engine: 'remote',
    transport: behindHttp((kv) => vercelKVTransport(createVercelKV({ ...kv, enableTelemetry }))),
  })

  describeKVStore('ioredisTransport', {
    engine: 'remote',
    transport: connecting(() => {
      const client = new IORedis(url)
      stops.push(() => client.disconnect())
      return ioredisTransport(client)
    }),
  })
  describeKVStore('ioredisTransport with a prefix of its own and a change feed', {
    engine: 'remote',
    changes: true,
    transport: connecting(() => {
      const client = new IORedis(url, { keyPrefix: 'app:' })
      stops.push(() => client.disconnect())
      return ioredisTransport(client)
    }),
  })

  const overRedis = connecting(async () => {
    const client = await createClient({ url })
      .on('error', () => {})
      .connect()
    stops.push(() => client.close())
    return redisTransport(client)
  })
  describeKVStore('redisTransport', { engine: 'remote', transport: overRedis })
  describeKVStore('redisTransport: the change feed', {
    engine: 'remote',
    changes: 'only',
    transport: overRedis,
  })
})

const cluster = await startRedisCluster()
if (cluster !== null) stops.push(cluster.stop)
describe.skipIf(cluster === null)(ON_CLUSTER, () => {
  const nodes = cluster?.nodes ?? []

  const overIORedis = connecting(() => {
    const client = new Cluster([...nodes])
    stops.push(() => client.disconnect())
    return ioredisTransport(client)
  })
  const overRedis = connecting(async () => {
    const client = await createCluster({ rootNodes: nodes.map((socket) => ({ socket })) })
      .on('error', () => {})
      .connect()
    stops.push(() => client.close())
    return redisTransport(client)
  })
  for (const changes of [false, true]) {
    const feed = changes ? ' with a change feed' : ''
    describeKVStore(`ioredisTransport to a Redis Cluster${feed}`, {
      engine: 'remote',
      changes,
      transport: overIORedis,
    })
    describeKVStore(`redisTransport to a Redis Cluster${feed}`, {
      engine: 'remote',
      changes,
      transport: overRedis,
    })
  }
})

/** Connects with its first call: a suite that is skipped has nothing to connect to. */
function connecting(connect: () => Promise<KVTransport> | KVTransport): KVTransport {
  let connected: Promise<KVTransport> | KVTransport | undefined
  return async (commands, options) => {
    connected ??= connect()
    const transport = await connected
    return transport(commands, options)
  }
}
