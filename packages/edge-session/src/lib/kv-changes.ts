import { SessionUnknownError, type StoreOperation } from './errors.ts'
import { ANNOUNCE, announced, CHANGES } from './kv-change-scripts.ts'
import { createKVConnection, type KVConnection, type KVScript, type KVStoreOptions } from './kv-connection.ts'
import type { KVReply } from './kv-transport.ts'
import type { ChangeFeed, Changes } from './session-store.ts'

/** A connection that tells, if it is asked to, whose sessions it changes. */
export interface ChangingKV extends KVConnection {
  /** Runs a script that changes sessions, and announces the change in the feed if there is one. */
  change(operation: StoreOperation, script: ChangeScript): Promise<KVReply>
  /** `null` unless changes are announced. */
  readonly changes: ChangeFeed | null
}

export interface ChangeScript extends KVScript {
  /** A Lua condition on its `result`: whether there was a change. Default: always. */
  readonly when?: string
}

/** @throws ConfigurationError */
export function createChangingKV(options: KVStoreOptions): ChangingKV {
  const kv = createKVConnection(options)
  if (options.changes !== true) return { ...kv, change: kv.run, changes: null }
  const keyPrefix = kv.keyOf('')
  const feed = `changes:${keyPrefix}`
  const listeners: ((userId: string) => void)[] = []
  let inOneStep = true

  async function change(operation: StoreOperation, { script, userId, args, when = 'true' }: ChangeScript) {
    const key = kv.keyOf(userId)
    if (inOneStep) {
      try {
        const step = announced(script, when)
        return await kv.evaluate(operation, { script: step, keys: [key, feed], args: [...args, key] })
      } catch (error) {
        // In a Redis Cluster the two keys live on different nodes. It says so before it runs anything.
        if (!(error instanceof SessionUnknownError) || error.reason !== 'reply CROSSSLOT') throw error
        inOneStep = false
      }
    }
    const reply = await kv.evaluate(operation, { script, keys: [key], args })
    // Whatever the answer: this may repeat a change that was made, but could not be announced. Only what is announced
    // is reported to have happened.
    await kv.evaluate(operation, { script: ANNOUNCE, keys: [feed], args: [key] })
    return reply
  }

  async function read(cursor: string | null): Promise<Changes> {
    const reply = await kv.evaluate('changes', { script: CHANGES, keys: [feed], args: [cursor ?? ''] })
    const [continues, next, ...keys] = Array.isArray(reply) ? reply : []
    if (typeof next !== 'string' || !keys.every((key) => typeof key === 'string'))
      throw new SessionUnknownError('changes', 'protocol')
    if (continues === 0 && keys.length === 0) return { cursor: next, userIds: null }
    if (continues !== 1) throw new SessionUnknownError('changes', 'protocol')
    // What the feed begins with is no one's change.
    const own = new Set(keys.filter((key) => key.startsWith(keyPrefix)))
    return { cursor: next, userIds: [...own].map((key) => key.slice(keyPrefix.length)) }
  }

  return {
    ...kv,
    change: (operation, script) =>
      change(operation, script).finally(() => {
        for (const listener of listeners) listener(script.userId)
      }),
    changes: { read, precedes, watch: (listener) => void listeners.push(listener) },
  }
}

/** Entries are numbered by milliseconds of the server, and within one of them. Numbers that can not be read stand before all. */
function precedes(cursor: string, other: string): boolean {
  const [one, another] = [positionOf(cursor), positionOf(other)]
  if (one.feed !== another.feed) return true
  return one.ms === another.ms ? one.n < another.n : one.ms < another.ms
}

function positionOf(cursor: string): { ms: number; n: number; feed: string } {
  const [, ms = '-1', n = '-1', feed = ''] = /^(\d+)-(\d+) \S* (\S*)/.exec(cursor) ?? []
  return { ms: Number(ms), n: Number(n), feed }
}
