import type { Reply } from './resp.ts'

/** What a raw command gives back: text, numbers (a bigint beyond 2^53), null, and lists of those. */
export type RawReply = string | number | bigint | null | readonly RawReply[]

/** Throws an error reply as an `Error` with the engine's text. */
export function toRawReply(reply: Reply): RawReply {
  switch (reply.kind) {
    case 'status':
      return reply.text
    case 'bulk':
      return reply.bytes.toString()
    case 'integer':
      return Number.isSafeInteger(Number(reply.digits)) ? Number(reply.digits) : BigInt(reply.digits)
    case 'nil':
      return null
    case 'array':
      return reply.items.map(toRawReply)
    case 'error':
      throw new Error(reply.message)
  }
}
