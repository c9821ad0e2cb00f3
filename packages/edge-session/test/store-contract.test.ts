import { describe, it } from 'vitest'
import { memoryStore } from '../src/lib/memory-store.ts'
import type { StoreHarness } from '../src/lib/store-contract/store-case.ts'
import { sessionStoreContract } from '../src/lib/store-contract.ts'

function describeStore(name: string, { harness, hasClock }: { harness: StoreHarness; hasClock: boolean }): void {
  describe(name, () => {
    for (const { name: fact, needsClock, run } of sessionStoreContract) {
      it.skipIf(needsClock && !hasClock)(fact, () => run(harness))
    }
  })
}

describeStore('memoryStore', {
  hasClock: true,
  harness: {
    async createStore() {
      let time = 1_800_000_000_000
      const now = () => time
      return {
        store: memoryStore({ now }),
        now,
        advance(ms) {
          time += ms
        },
      }
    },
  },
})
