/** Runs inside an edge runtime, as one bundle: the contract on a KV store over each of the fetch-based transports. */
import { Redis } from '@upstash/redis'
import { kvStore } from '../../src/lib/kv-store.ts'
import type { KVTransport } from '../../src/lib/kv-transport.ts'
import { changeFeedContract, sessionStoreContract } from '../../src/lib/store-contract.ts'
import { restTransport } from '../../src/lib/transports/rest.ts'
import { upstashTransport } from '../../src/lib/transports/upstash.ts'
import { vercelKVTransport } from '../../src/lib/transports/vercel-kv.ts'

/** One case of a contract, and where to run it. */
export interface EdgeRun {
  readonly contract: keyof typeof contracts
  readonly index: number
  readonly transport: 'rest' | 'upstash' | 'vercel-kv'
  readonly prefix: string
  readonly kv: { readonly url: string; readonly token: string }
  readonly clock: 'moves' | 'stands'
}

const contracts = { store: sessionStoreContract, changes: changeFeedContract }

const scope = globalThis as typeof globalThis & {
  runCase(run: EdgeRun): Promise<string>
  advanceClock(ms: number): void
}

/** What went wrong with the case, or an empty text. */
scope.runCase = async ({ contract, index, transport, prefix, kv, clock }) => {
  const changes = contract === 'changes'
  const store = kvStore({ transport: await connect(transport, kv), prefix, timeout: 10_000, changes })
  const moving = { store, advance: (ms: number) => scope.advanceClock(ms) }
  try {
    await contracts[contract][index]?.run({
      createStore: async () => (clock === 'moves' ? moving : { store }),
    })
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : 'no error'
  }
}

async function connect(transport: EdgeRun['transport'], { url, token }: EdgeRun['kv']): Promise<KVTransport> {
  switch (transport) {
    case 'rest':
      return restTransport({ url, token })
    case 'upstash':
      return upstashTransport(new Redis({ url, token }))
    case 'vercel-kv': {
      // Needs `process.env` as soon as it is loaded.
      const { createClient } = await import('@vercel/kv')
      return vercelKVTransport(createClient({ url, token }))
    }
  }
}
