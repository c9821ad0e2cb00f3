import { describe, it } from 'vitest'
import { type KVStoreOptions, kvStore } from '../../src/lib/kv-store.ts'
import type { StoreUnderTest } from '../../src/lib/store-contract/store-case.ts'
import { sessionStoreContract } from '../../src/lib/store-contract.ts'
import { createMovingClock } from './moving-clock.ts'

/** Registers the whole contract for a store; cases that move the clock only where there is one to move. */
export function describeStore(
  name: string,
  { createStore, clock }: { createStore: () => Promise<StoreUnderTest>; clock: 'moves' | 'stands' },
): void {
  describe(name, () => {
    for (const { name: fact, needsClock, run } of sessionStoreContract) {
      if (needsClock && clock === 'stands') continue
      it(fact, () => run({ createStore }))
    }
  })
}

/** The same for a KV store that shares its database with others: each gets a prefix of its own. */
export function describeKVStore(
  name: string,
  { transport, engine }: { transport: KVStoreOptions['transport']; engine: 'embedded' | 'remote' },
): void {
  const prefixes = uniquePrefixes()
  const clock = createMovingClock()
  const createStore = async (): Promise<StoreUnderTest> => {
    clock.restore()
    const store = kvStore({ transport, prefix: prefixes.next(), timeout: 10_000 })
    return engine === 'embedded' ? { store, advance: clock.advance } : { store }
  }
  describeStore(name, { createStore, clock: engine === 'embedded' ? 'moves' : 'stands' })
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
