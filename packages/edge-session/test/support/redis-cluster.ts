import { Redis } from 'ioredis'
import { vi } from 'vitest'
import { type RedisServer, startRedisServer } from './redis-server.ts'

/** For the names of suites that are skipped where {@link startRedisCluster} has none to give. */
export const ON_CLUSTER = 'on a Redis Cluster (skipped without redis-server)'

export interface RedisCluster {
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  stop(): Promise<void>
}

const SLOTS = ['0 5460', '5461 10922', '10923 16383']

/**
 * Three masters on loopback that share the slots, or `null` where there is no `redis-server` on the PATH. Rejects if
 * there is one, but no cluster comes of it.
 */
export async function startRedisCluster(): Promise<RedisCluster | null> {
  const starts = await Promise.allSettled(SLOTS.map(() => startRedisServer('cluster node')))
  const nodes = starts.flatMap((start) => (start.status === 'fulfilled' ? (start.value ?? []) : []))
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    for (const start of starts) if (start.status === 'rejected') throw start.reason
    if (nodes.length === 0) return null
    await join(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return { nodes: nodes.map(({ port }) => ({ host: '127.0.0.1', port })), stop }
}

async function join(nodes: readonly RedisServer[]): Promise<void> {
  const clients = nodes.map(({ port }) => new Redis(port))
  try {
    for (const [i, client] of clients.entries()) {
      await client.call('CLUSTER', ['ADDSLOTSRANGE', ...(SLOTS[i]?.split(' ') ?? [])])
      for (const { port, busPort } of nodes)
        await client.call('CLUSTER', ['MEET', '127.0.0.1', String(port), String(busPort)])
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
}
