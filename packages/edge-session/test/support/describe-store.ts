import { describe, it } from 'vitest'
import { type KVStoreOptions, kvStore } from '../../src/lib/kv-store.ts'
import type { StoreUnderTest } from '../../src/lib/store-contract/store-case.ts'
import { changeFeedContract, sessionStoreContract } from '../../src/lib/store-contract.ts'
import { createMovingClock } from './moving-clock.ts'

/** Registers the whole contract for a store; cases that move the clock only where there is one to move. */
export function describeStore(
  name: string,
  {
    createStore,
    clock,
    changes,
  }: { createStore: () => Promise<StoreUnderTest>; clock: 'moves' | 'stands'; changes: boolean },
): void {
  const contract = [...sessionStoreContract, ...(changes ? changeFeedContract : [])]
  describe(name, () => {
    for (const { name: fact, needsClock, run } of contract) {
      if (needsClock && clock === 'stands') continue
      it(fact, () => run({ createStore }))
    }
  })
}

/** The same for a KV store that shares its database with others: each gets a prefix of its own. */
export function describeKVStore(
  name: string,
  {
    transport,
    engine,
    changes = false,
  }: { transport: KVStoreOptions['transport']; engine: 'embedded' | 'remote'; changes?: boolean },
): void {
  const prefixes = uniquePrefixes()
  const clock = createMovingClock()
  const createStore = async (): Promise<StoreUnderTest> => {
    clock.restore()
    const store = kvStore({ transport, prefix: prefixes.next(), timeout: 10_000, changes })
    return engine === 'embedded' ? { store, advance: clock.advance } : { store }
  }
  describeStore(name, { createStore, changes, clock: engine === 'embedded' ? 'moves' : 'stands' })
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
