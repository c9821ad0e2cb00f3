import { randomText } from './encoding.ts'
import { ConfigurationError, SessionUnknownError, type StoreOperation } from './errors.ts'
import { withCircuitBreaker } from './kv-circuit-breaker.ts'
import { type KVCommand, KVError, type KVReply, type KVTransport } from './kv-transport.ts'
import { warnOfRefusedCredentials } from './refused-credentials.ts'
import { withTimeLimit } from './time-limit.ts'

export interface KVStoreOptions {
  /** Reaches the KV database. */
  readonly transport: KVTransport
  /** In front of every key, 1 to 64 printable ASCII characters but `*?[]\`. Default `'session:'`. */
  readonly prefix?: string
  /**
   * Longest time one call may take, in milliseconds. A lookup makes two at most, and more only where its token was just
   * replaced. Default 750.
   */
  readonly timeout?: number
  /** Announces every change in the feed that the cache reads. Default `false`. */
  readonly changes?: boolean
  /** Milliseconds since 1970: the clock of the circuit breaker. Default: the system's. */
  readonly now?: () => number
}

/** Calls on the one key of a user. What fails is `SessionUnknownError`, with no more of the cause than a word or two. */
export interface KVConnection {
  /** One command; `args` follow the key. */
  call(operation: StoreOperation, command: KVCall): Promise<KVReply>
  /** One script; a nonce follows `args`, so that no cache can answer in its place. */
  run(operation: StoreOperation, script: KVScript): Promise<KVReply>
  /** The same on whatever keys. */
  evaluate(operation: StoreOperation, script: KVEvaluation): Promise<KVReply>
  keyOf(userId: string): string
  nonce(): string
}

export interface KVCall {
  readonly name: string
  readonly userId: string
  readonly args: readonly string[]
}

export interface KVScript {
  readonly script: string
  readonly userId: string
  readonly args: readonly (string | number)[]
}

export interface KVEvaluation {
  readonly script: string
  readonly keys: readonly string[]
  readonly args: KVScript['args']
}

/** @throws ConfigurationError */
export function checkPrefix(prefix: string, { changes }: { changes: boolean }): void {
  // No pattern of SCAN or of an access list may mean more than it says.
  if (!/^(?!.*[*?[\]\\])[\x21-\x7e]{1,64}$/.test(prefix)) {
    throw new ConfigurationError(
      '"prefix" must be 1 to 64 printable ASCII characters, and none of them a space or one of *?[]\\.',
    )
  }
  // Outside the prefix, where no user id can lead, and no user id of another prefix either.
  if (changes && prefix.startsWith('changes:'))
    throw new ConfigurationError('"prefix" must not begin with "changes:", where the change feed is.')
}

/** @throws ConfigurationError */
export function createKVConnection({
  transport,
  prefix = 'session:',
  timeout = 750,
  changes = false,
  now = () => Date.now(),
}: KVStoreOptions): KVConnection {
  checkPrefix(prefix, { changes })
  const ask = withCircuitBreaker(transport, now)
  // Random only to keep processes apart, and only once something is asked of KV.
  let process: string | undefined
  let count = 0

  function nonce(): string {
    process ??= randomText(6)
    count += 1
    return process + count.toString(36)
  }

  async function send(operation: StoreOperation, command: KVCommand): Promise<KVReply> {
    let reason = 'protocol'
    try {
      const replies = await withTimeLimit(timeout, (signal) => ask([command], { atomic: false, signal }))
      const [reply] = replies
      if (replies.length === 1 && reply !== undefined) return reply
    } catch (error) {
      // The key is not a hash: somebody else wrote it.
      if (operation === 'read' && error instanceof KVError && error.reply === 'WRONGTYPE') throw error
      if (error instanceof KVError) warnOfRefusedCredentials(error.reply)
      // Nothing else of the cause is kept: clients put commands, and so session data, into their messages.
      reason = error instanceof KVError ? [error.kind, error.reply ?? []].flat().join(' ') : 'client'
    }
    throw new SessionUnknownError(operation, reason)
  }

  const keyOf = (userId: string) => prefix + userId

  function evaluate(operation: StoreOperation, { script, keys, args }: KVEvaluation): Promise<KVReply> {
    return send(operation, ['EVAL', script, String(keys.length), ...keys, ...args.map(String), nonce()])
  }

  return {
    nonce,
    keyOf,
    evaluate,
    call: (operation, { name, userId, args }) => send(operation, [name, keyOf(userId), ...args]),
    run: (operation, { script, userId, args }) =>
      evaluate(operation, { script, keys: [keyOf(userId)], args }),
  }
}
