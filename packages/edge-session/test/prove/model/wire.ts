import type { LocalKV } from 'local-kv'
import type { KVTransport } from '../../../src/lib/kv-transport.ts'
import { restTransport } from '../../../src/lib/transports/rest.ts'
import { directTransport } from '../support/direct-transport.ts'

/** How the nodes reach KV: over HTTP while something is wrong there, past it otherwise, which costs a tenth. */
export interface Wire {
  readonly transport: KVTransport
  /** How many commands were sent, either way. */
  commands(): number
}

export function createWire(kv: LocalKV, isTroubled: () => boolean): Wire {
  const overHttp = restTransport(kv)
  const direct = directTransport(kv)
  let sent = 0

  return {
    transport(commands, options) {
      sent += commands.length
      return isTroubled() ? overHttp(commands, options) : direct(commands, options)
    },
    commands: () => sent,
  }
}
