/** One Redis command: its name, then its arguments. */
export type KVCommand = readonly [name: string, ...args: string[]]

/** A reply as Redis means it: strings are never interpreted as JSON. */
export type KVReply = string | number | null | readonly KVReply[]

/** How the commands of one call belong together and how long they may take. */
export interface KVCallOptions {
  /** `true`: all are applied or none (MULTI/EXEC). `false`: only sent together. */
  readonly atomic: boolean
  /** Aborts when the time for this call is over; the transport must then reject, never resolve. */
  readonly signal: AbortSignal
}

/**
 * The one thing a KV client must do for us: send commands, give back as many replies.
 *
 * - Rejects with {@link KVError} when a command failed or its reply is not known. It never resolves with a made-up
 *   reply, and never repeats a command on its own: whether that is safe, only the caller knows.
 * - Never answers from a cache, and never lets one be filled (Next.js caches `fetch` in some segments).
 * - Scripts arrive as `EVAL` with plain Lua; the transport adds what its server wants.
 */
export type KVTransport = (
  commands: readonly KVCommand[],
  options: KVCallOptions,
) => Promise<readonly KVReply[]>

/** What went wrong with a call. Holds no command, key, value, token or address. */
export class KVError extends Error {
  override name = 'KVError'
  readonly kind: KVErrorKind
  /** The first word of the server's own error (`WRONGTYPE`, `OOM`, `NOPERM`…) when it sent one. */
  readonly reply: string | null

  constructor(kind: KVErrorKind, reply: string | null = null) {
    super(`edge-session: KV call failed (${kind}${reply === null ? '' : ` ${reply}`}).`)
    this.kind = kind
    this.reply = reply
  }
}

/**
 * `timeout`, `network`, `status` (an HTTP error), `limited` (too many requests, or a quota used up), `protocol` (an answer
 * that makes no sense), `reply` (Redis refused).
 */
export type KVErrorKind = 'timeout' | 'network' | 'status' | 'limited' | 'protocol' | 'reply'

/** What a server's own error text comes to. */
export function asReplyError(message: string): KVError {
  const isLimit = /max (daily )?requests? limit/i.test(message)
  return isLimit ? new KVError('limited') : new KVError('reply', replyCode(message))
}

/**
 * The first word of a Redis error text if it is a plain upper-case code; everything else is left out, as it may quote
 * data. A refused first line of a script, for which Redis has no code of its own, is `SHEBANG`.
 */
export function replyCode(message: unknown): string | null {
  if (typeof message !== 'string') return null
  if (/script shebang|shebang engine/i.test(message)) return 'SHEBANG'
  return /(?:^|: )([A-Z]{2,20})(?= |$)/.exec(message)?.[1] ?? null
}

/** Whether it is a reply, and not something a client or a cache made of one. */
export function isKVReply(value: unknown): value is KVReply {
  return (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    (Array.isArray(value) && value.every(isKVReply))
  )
}
