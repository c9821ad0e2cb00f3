import { describe, it } from 'vitest'
import { kvStore } from '../../src/lib/kv-store.ts'
import type { KVTransport } from '../../src/lib/kv-transport.ts'
import type { StoreUnderTest } from '../../src/lib/store-contract/store-case.ts'
import { changeFeedContract, sessionStoreContract } from '../../src/lib/store-contract.ts'
import { describeExpiryInRealTime } from './expiry-in-real-time.ts'
import { createMovingClock } from './moving-clock.ts'

interface ContractOptions {
  readonly createStore: () => Promise<StoreUnderTest>
  readonly clock: 'moves' | 'stands'
  /** Whether the store has a change feed, or only that is of interest. */
  readonly changes: boolean | 'only'
}

/** Registers the whole contract for a store; cases that move the clock are skipped where there is none to move. */
export function describeStore(name: string, options: ContractOptions): void {
  describe(name, () => registerContract(options))
}

/**
 * The same for a KV store that shares its database with others: each gets a prefix of its own. Expiry on a remote
 * server takes real time.
 */
export function describeKVStore(
  name: string,
  {
    transport,
    engine,
    changes = false,
  }: { transport: KVTransport; engine: 'embedded' | 'remote'; changes?: boolean | 'only' },
): void {
  describe(name, () => {
    const prefixes = uniquePrefixes()
    const clock = createMovingClock()
    const storeAt = (prefix: string) =>
      kvStore({ transport, prefix, timeout: 10_000, changes: changes !== false })

    async function createStore(): Promise<StoreUnderTest> {
      clock.restore()
      const store = storeAt(prefixes.next())
      return engine === 'embedded' ? { store, advance: clock.advance } : { store }
    }

    registerContract({ createStore, changes, clock: engine === 'embedded' ? 'moves' : 'stands' })
    if (engine === 'embedded' || changes === 'only') return
    describeExpiryInRealTime(() => {
      const prefix = prefixes.next()
      return {
        store: storeAt(prefix),
        async lifetimeOf(userId) {
          const signal = AbortSignal.timeout(10_000)
          const [reply] = await transport([['PTTL', `${prefix}${userId}`]], { atomic: false, signal })
          return Number(reply)
        },
      }
    })
  })
}

function registerContract({ createStore, clock, changes }: ContractOptions): void {
  const contract = [
    ...(changes === 'only' ? [] : sessionStoreContract),
    ...(changes === false ? [] : changeFeedContract),
  ]
  for (const { name, needsClock, run } of contract)
    it.skipIf(needsClock && clock === 'stands')(name, () => run({ createStore }))
}

function uniquePrefixes(): { next(): string } {
  const run = crypto.randomUUID()
  let count = 0
  return {
    next() {
      count += 1
      return `test:${run}:${count}:`
    },
  }
}
