import { createRedisCommandExecutor, createVirtualConnection, RedisServerState } from 'js-redis-server/core'
import type { Engine } from './engine.ts'

export interface EmbeddedEngine extends Engine {
  readonly kind: 'embedded'
  /** The data itself, for the snapshot. */
  readonly state: RedisServerState
}

/**
 * js-redis-server in this process. Only its in-process connections are used: its TCP listener would
 * bind every interface of the machine.
 */
export function createEmbeddedEngine(): EmbeddedEngine {
  const state = new RedisServerState({ databaseCount: 3 })
  const executor = createRedisCommandExecutor()
  return {
    kind: 'embedded',
    database: 0,
    state,
    connect: async () => createVirtualConnection({ state, executor }).clientSocket,
    close: async () => state.close(),
  }
}
