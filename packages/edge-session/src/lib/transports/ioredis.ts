import { callClient, callClientForAll } from '../client-call.ts'
import type { KVCommand, KVTransport } from '../kv-transport.ts'
import { withScriptFlags } from '../script-flags.ts'

/** What is used of a `Redis` or `Cluster` of `ioredis`. */
export interface IORedisClient {
  call(command: string, args: string[]): Promise<unknown>
  multi(commands: unknown[][]): {
    exec(): Promise<[error: Error | null, reply: unknown][] | null>
  }
}

/**
 * Reaches a Redis (7.0 or later), Valkey or Redis Cluster over TCP through your own `ioredis` client:
 * `kv: ioredisTransport(new Redis(url))`. For servers you run yourself, in the Node.js runtime.
 *
 * - A user's sessions are one key, so a Cluster needs nothing special; with `scaleReads: 'slave'` lookups go to
 *   replicas, and whatever is not an active session is asked of the master.
 * - Give the client `enableOfflineQueue: false` or a small `maxRetriesPerRequest`: by default it keeps commands for a
 *   server that is away and sends them when nobody waits for them any more. That is safe, as every operation can be
 *   repeated, but a session whose sign-in failed may then exist.
 * - `stringNumbers` must be off: with it, no answer is understood and every lookup is `unknown`.
 */
export function ioredisTransport(client: IORedisClient): KVTransport {
  return withScriptFlags(async (commands, { atomic, signal }) => {
    if (atomic && commands.length > 1) {
      return callClientForAll(async () => {
        const replies = await client.multi(commands.map(inLowerCase)).exec()
        return replies === null ? null : replies.map(([error, reply]) => error ?? reply)
      }, signal)
    }
    return Promise.all(
      commands.map(inLowerCase).map(([name, ...args]) => callClient(() => client.call(name, args), signal)),
    )
  })
}

/** In a transaction, the name is that of a method. */
function inLowerCase([name, ...args]: KVCommand): [name: string, ...args: string[]] {
  return [name.toLowerCase(), ...args]
}
