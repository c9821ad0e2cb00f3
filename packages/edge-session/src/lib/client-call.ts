import { asReplyError, isKVReply, KVError, type KVReply } from './kv-transport.ts'
import { withinTime } from './time-limit.ts'

/**
 * One call of a client that is not ours. It ends when the signal says so, whatever the client does; what the client
 * answers later is not heard. What it rejects with is reduced to a code, as clients put commands, and so session data,
 * into their messages. What it answers has to be a Redis reply.
 */
export async function callClient(call: () => Promise<unknown>, signal: AbortSignal): Promise<KVReply> {
  const reply = await settle(call, signal)
  if (!isKVReply(reply)) throw new KVError('protocol')
  return reply
}

/** A call that answers several commands, each with a reply or an error. */
export async function callClientForAll(
  call: () => Promise<readonly unknown[] | null>,
  signal: AbortSignal,
): Promise<readonly KVReply[]> {
  const replies = await settle(call, signal)
  if (replies === null) throw new KVError('reply')
  for (const reply of replies) if (reply instanceof Error) throw asKVError(reply)
  if (!replies.every(isKVReply)) throw new KVError('protocol')
  return replies
}

async function settle<Value>(call: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) throw new KVError('timeout')
  try {
    return await withinTime(call(), signal)
  } catch (error) {
    throw asKVError(error)
  }
}

/** Errors of another realm are no `instanceof Error` here, so they are told by their shape. */
function asKVError(error: unknown): KVError {
  if (error instanceof KVError) return error
  const { name, message } = { name: '', message: '', ...textsOf(error) }
  if (name === 'TimeoutError' || name === 'AbortError') return new KVError('timeout')
  if (name === 'UpstashJSONParseError' || name === 'SyntaxError') return new KVError('protocol')
  // What follows quotes the command.
  const [text = ''] = message.split(', command was: ')
  const reply = asReplyError(text)
  const isReply = reply.reply !== null || reply.kind === 'limited'
  return isReply || name === 'UpstashError' || name === 'ReplyError' ? reply : new KVError('network')
}

function textsOf(error: unknown): { name?: string; message?: string } {
  if (typeof error !== 'object' || error === null) return {}
  return {
    ...('name' in error && typeof error.name === 'string' && { name: error.name }),
    ...('message' in error && typeof error.message === 'string' && { message: error.message }),
  }
}
