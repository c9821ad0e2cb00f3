import { callClient, callClientForAll } from '../client-call.ts'
import type { KVCommand, KVTransport } from '../kv-transport.ts'
import { withScriptFlags } from '../script-flags.ts'

/** What is used of a client or client pool of `redis` (node-redis). */
export interface RedisClient {
  sendCommand(args: string[], options: RedisCommandOptions): Promise<unknown>
  multi(): RedisTransaction<[args: string[]]>
}

/** What is used of a cluster client of `redis` (node-redis). */
export interface RedisClusterClient {
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean,
    args: string[],
    options: RedisCommandOptions,
  ): Promise<unknown>
  multi(): RedisTransaction<[firstKey: string | undefined, isReadonly: boolean, args: string[]]>
  getSlotRandomNode(slot: number): unknown
}

/** A transaction in the making. */
export interface RedisTransaction<Command extends readonly unknown[]> {
  addCommand(...command: Command): unknown
  exec(): Promise<readonly unknown[]>
}

/** Takes a command out of the queue when its time is over, and leaves replies as Redis sent them. */
export interface RedisCommandOptions {
  readonly abortSignal: AbortSignal
  readonly typeMapping: Record<never, never>
}

/**
 * Reaches a Redis (7.0 or later), Valkey or Redis Cluster over TCP through your own client of `redis` (node-redis):
 * `kv: redisTransport(client)`, from `createClient`, `createClientPool` or `createCluster`. For servers you run yourself,
 * in the Node.js runtime.
 *
 * - Connect the client yourself, and listen to its `error` event: without a listener Node.js ends the process. Until it
 *   is connected every lookup is `unknown`.
 * - A user's sessions are one key, so a cluster needs nothing special; with `useReplicas` lookups go to replicas, and
 *   whatever is not an active session is asked of the master.
 * - `disableOfflineQueue: true` makes a lookup fail at once, not after its time, when the server is away.
 */
export function redisTransport(client: RedisClient | RedisClusterClient): KVTransport {
  return withScriptFlags(async (commands, { atomic, signal }) => {
    if (atomic && commands.length > 1) return callClientForAll(() => transaction(client, commands), signal)
    return Promise.all(commands.map((command) => callClient(() => send(client, { command, signal }), signal)))
  })
}

function send(
  client: RedisClient | RedisClusterClient,
  { command, signal }: { command: KVCommand; signal: AbortSignal },
): Promise<unknown> {
  const options = { abortSignal: signal, typeMapping: {} }
  return isCluster(client)
    ? client.sendCommand(keyOf(command), isReadonly(command), [...command], options)
    : client.sendCommand([...command], options)
}

function transaction(
  client: RedisClient | RedisClusterClient,
  commands: readonly KVCommand[],
): Promise<readonly unknown[]> {
  if (isCluster(client)) {
    const multi = client.multi()
    for (const command of commands) multi.addCommand(keyOf(command), false, [...command])
    return multi.exec().catch(repliesOf)
  }
  const multi = client.multi()
  for (const command of commands) multi.addCommand([...command])
  return multi.exec().catch(repliesOf)
}

/** If commands fail, the client rejects with the replies to all of them, errors among them. */
function repliesOf(error: unknown): readonly unknown[] {
  if (error instanceof Error && 'replies' in error && Array.isArray(error.replies)) return error.replies
  throw error
}

function isCluster(client: RedisClient | RedisClusterClient): client is RedisClusterClient {
  return 'getSlotRandomNode' in client
}

/** Scripts name their key after the number of keys, other commands right away. */
function keyOf([name, first, , key]: KVCommand): string | undefined {
  return name === 'EVAL' ? key : first
}

/** The one reading command that may be answered by a replica. */
function isReadonly([name]: KVCommand): boolean {
  return name === 'HMGET'
}
