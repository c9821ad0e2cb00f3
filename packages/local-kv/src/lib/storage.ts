import { createConnection } from './connection.ts'
import { createDatabase } from './database.ts'
import { createEmbeddedEngine } from './embedded-engine.ts'
import type { Engine } from './engine.ts'
import { createRedisEngine } from './redis-engine.ts'
import { createReplica, type Lag, type Replica } from './replica.ts'
import { createShebangStripper } from './script-shebang.ts'
import { openSnapshot } from './snapshot.ts'
import { createSyncTokens } from './sync-token.ts'

/** The data and everything that holds it. */
export interface Storage {
  readonly engine: Engine
  /** The way to the data: the primary, or its lagging replica. */
  readonly replica: Replica
  close(): Promise<void>
}

/** Opens the engine the options ask for. Rejects with one sentence if it cannot be used. */
export async function openStorage(options: {
  readonly redis?: string
  readonly snapshot?: string
  readonly replicaLag?: Lag
}): Promise<Storage> {
  const { redis, snapshot: file, replicaLag } = options
  if (redis !== undefined && file !== undefined) {
    throw new TypeError(
      'local-kv: snapshot and redis are both given. Redis keeps its own data; leave one of them out.',
    )
  }
  const embedded = redis === undefined ? createEmbeddedEngine() : undefined
  const engine = embedded ?? createRedisEngine(redis ?? '')
  const snapshot = embedded && file !== undefined ? await openSnapshot(file, embedded.state) : undefined
  const databases = { replica: engine.database + 1, staging: engine.database + 2 }
  const connections = {
    primary: createConnection(engine, engine.database),
    replica: createConnection(engine, databases.replica),
    staging: createConnection(engine, databases.staging),
  }
  const shebang = createShebangStripper()
  const replica = createReplica({
    primary: createDatabase({ engine, connection: connections.primary, shebang }),
    replica: createDatabase({ engine, connection: connections.replica, shebang }),
    connections,
    databases,
    tokens: createSyncTokens(),
  })

  const close = async () => {
    for (const connection of Object.values(connections)) connection.close()
    await snapshot?.close()
    await engine.close()
  }

  try {
    await connections.primary.send([['PING']])
    if (replicaLag !== undefined) {
      replica.follow(replicaLag)
      await replica.ready()
    }
    return { engine, replica, close }
  } catch (error) {
    await close()
    throw error
  }
}
