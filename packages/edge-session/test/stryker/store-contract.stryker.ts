import { startLocalKV } from 'local-kv'
import { afterAll } from 'vitest'
import { memoryStore } from '../../src/lib/memory-store.ts'
import { restTransport } from '../../src/lib/transports/rest.ts'
import { describeKVStore, describeStore } from '../support/describe-store.ts'

const kv = await startLocalKV()
afterAll(() => kv.stop())

describeStore('memoryStore', {
  clock: 'moves',
  changes: true,
  async createStore() {
    let time = 1_800_000_000_000
    const now = () => time
    const advance = (ms: number) => {
      time += ms
    }
    return { store: memoryStore({ now }), now, advance }
  },
})

for (const changes of [false, true])
  describeKVStore(`kvStore${changes ? ' with a change feed' : ''}`, {
    engine: 'embedded',
    changes,
    transport: restTransport(kv),
  })
