import type { LocalKV } from 'local-kv'
import { isKVReply, KVError, type KVTransport, replyCode } from '../../../src/lib/kv-transport.ts'

/** The embedded engine of a local KV without HTTP: fast, uncounted, and past every fault and replica. */
export function directTransport(kv: LocalKV): KVTransport {
  return async (commands) => {
    const replies = []
    for (const [name, ...args] of commands) {
      const reply = await kv.command(name, ...args).catch((error: Error) => {
        throw new KVError('reply', replyCode(error.message))
      })
      if (!isKVReply(reply)) throw new KVError('protocol')
      replies.push(reply)
    }
    return replies
  }
}
