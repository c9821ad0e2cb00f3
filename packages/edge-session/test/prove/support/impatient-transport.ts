import type { JournalEntry, LocalKV } from 'local-kv'
import type { KVTransport } from '../../../src/lib/kv-transport.ts'
import { restTransport } from '../../../src/lib/transports/rest.ts'

/**
 * Gives a command up once KV has it in its hands: as a time limit does, but by what happens and not by the clock, as 60 ms
 * are now and then too short on a busy machine, and longer ones too long for hundreds of tests.
 */
export function impatientTransport(kv: LocalKV, isHeld: (entry: JournalEntry) => boolean): KVTransport {
  const ask = restTransport({ url: kv.url, token: kv.token })
  return async (commands, { atomic, signal }) => {
    const before = kv.journal().length
    // But for the script, to which flags are added on the way.
    const argumentsOf = ([, , ...rest]: readonly string[] = []) => rest.join(' ')
    const sent = argumentsOf(commands[0])
    const timeUp = new AbortController()
    const look = setInterval(() => {
      const arrived = kv.journal().slice(before)
      if (arrived.some((entry) => argumentsOf(entry.command) === sent && isHeld(entry))) timeUp.abort()
    }, 1)
    try {
      return await ask(commands, { atomic, signal: AbortSignal.any([signal, timeUp.signal]) })
    } finally {
      clearInterval(look)
    }
  }
}
