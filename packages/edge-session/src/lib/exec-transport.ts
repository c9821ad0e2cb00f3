import { callClient } from './client-call.ts'
import { type KVCommand, KVError, type KVReply, type KVTransport } from './kv-transport.ts'
import { withScriptFlags } from './script-flags.ts'

/** The one method used of `@upstash/redis` and of `@vercel/kv`, which is a subclass of it. */
export interface ExecClient {
  exec(args: [command: string, ...args: string[]]): Promise<unknown>
}

/**
 * `exec` is the only way into these clients that keeps one session's data out of another one's answer: typed methods
 * are gathered into pipelines whose results shift when one argument can not be serialised. Nothing we store is JSON, so
 * their deserialisation leaves it alone.
 *
 * A client whose own signal fires makes up the answer `null` instead of rejecting. None of the commands we send is
 * answered with a bare null, so that one is never believed.
 */
export function execTransport(client: ExecClient): KVTransport {
  return withScriptFlags(async (commands, { atomic, signal }) => {
    // Their transactions take typed commands only.
    if (atomic && commands.length > 1) throw new KVError('protocol')
    const replies: KVReply[] = []
    for (const command of commands) replies.push(await exec(client, { command, signal }))
    return replies
  })
}

async function exec(
  client: ExecClient,
  { command: [name, ...args], signal }: { command: KVCommand; signal: AbortSignal },
): Promise<KVReply> {
  const reply = await callClient(() => client.exec([name, ...args]), signal)
  if (reply === null) throw new KVError('protocol')
  return reply
}
