import { Redis } from 'ioredis'
import { vi } from 'vitest'
import { freePort, type RedisServer, startRedisServer } from './redis-server.ts'

export interface RedisCluster {
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  stop(): Promise<void>
}

const SLOTS = ['0 5460', '5461 10922', '10923 16383']

/** Three masters on loopback that share the slots, or `null` where there is no `redis-server` on the PATH. */
export async function startRedisCluster(): Promise<RedisCluster | null> {
  const started = await Promise.all(SLOTS.map(startNode))
  const nodes = started.filter((node) => node !== null)
  const stop = async () => {
    await Promise.all(nodes.map(({ server }) => server.stop()))
  }
  if (nodes.length < SLOTS.length) {
    await stop()
    return null
  }
  const clients = nodes.map(({ server }) => new Redis(server.port))
  try {
    for (const [i, client] of clients.entries()) {
      await client.call('CLUSTER', ['ADDSLOTSRANGE', ...(SLOTS[i]?.split(' ') ?? [])])
      for (const { server, bus } of nodes)
        await client.call('CLUSTER', ['MEET', '127.0.0.1', String(server.port), bus])
    }
    for (const client of clients) {
      await vi.waitFor(
        async () => {
          const info = String(await client.call('CLUSTER', ['INFO']))
          if (!info.includes('cluster_state:ok') || !info.includes('cluster_known_nodes:3'))
            throw new Error('the cluster is not formed.')
        },
        { timeout: 15_000, interval: 50 },
      )
    }
  } finally {
    for (const client of clients) client.disconnect()
  }
  return { nodes: nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port })), stop }
}

async function startNode(): Promise<{ server: RedisServer; bus: string } | null> {
  const bus = String(await freePort())
  const server = await startRedisServer(['--cluster-enabled', 'yes', '--cluster-port', bus])
  return server && { server, bus }
}
