/**
 * Runs inside an edge runtime, as one bundle: the contract on the memory store, and on a KV store over each of the
 * fetch-based transports.
 */
import { Redis } from '@upstash/redis'
import { kvStore } from '../../src/lib/kv-store.ts'
import type { KVTransport } from '../../src/lib/kv-transport.ts'
import { memoryStore } from '../../src/lib/memory-store.ts'
import { changeFeedContract, sessionStoreContract } from '../../src/lib/store-contract.ts'
import { restTransport } from '../../src/lib/transports/rest.ts'
import { upstashTransport } from '../../src/lib/transports/upstash.ts'
import { vercelKVTransport } from '../../src/lib/transports/vercel-kv.ts'

/** One case of a contract, and where to run it. */
export interface EdgeRun {
  readonly contract: keyof typeof contracts
  readonly index: number
  readonly transport: 'memory' | 'rest' | 'upstash' | 'vercel-kv'
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
scope.runCase = async (run) => {
  const { contract, index, clock } = run
  const moving = run.transport === 'memory' ? inMemory() : await onKV({ ...run, transport: run.transport })
  try {
    await contracts[contract][index]?.run({
      createStore: async () => (clock === 'moves' ? moving : { store: moving.store }),
    })
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : 'no error'
  }
}

function inMemory() {
  let ahead = 0
  return {
    store: memoryStore({ now: () => Date.now() + ahead }),
    advance(ms: number) {
      ahead += ms
    },
  }
}

type OnKV = EdgeRun & { readonly transport: Exclude<EdgeRun['transport'], 'memory'> }

async function onKV({ contract, transport, kv, prefix }: OnKV) {
  const changes = contract === 'changes'
  const store = kvStore({ transport: await connect(transport, kv), prefix, timeout: 10_000, changes })
  return { store, advance: (ms: number) => scope.advanceClock(ms) }
}

async function connect(transport: OnKV['transport'], { url, token }: EdgeRun['kv']): Promise<KVTransport> {
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
