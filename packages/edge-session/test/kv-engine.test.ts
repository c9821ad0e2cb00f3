import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKVEngine } from '../src/lib/kv-engine.ts'
import { kvStore } from '../src/lib/kv-store.ts'
import { memoryStore } from '../src/lib/memory-store.ts'
import { SECRET, startInstance, type TestInstance } from './support/instance.ts'
import { type MemoryInstance, memoryInstance } from './support/memory-instance.ts'

const HOUR = 3_600_000

async function activeOf(app: MemoryInstance, token: string) {
  const active = await app.engine.recognise([token])
  if (active.outcome !== 'active') throw new Error(active.outcome)
  return active
}

describe('an instance', () => {
  let app: TestInstance & { stop(): Promise<void> }
  beforeAll(async () => {
    app = await startInstance()
  })
  afterAll(() => app.stop())

  it('announces what it changes only where there is a cache', async () => {
    for (const [node, announced] of [
      [app, 0],
      [app.with({ cache: {} }), 1],
    ] as const) {
      await node.signIn('alice')
      await node.lifecycle.revokeAll('alice', { except: null })
      expect(await app.kv.command('EXISTS', 'changes:session:')).toBe(announced)
    }
  })

  it('says what a cache needs of a store', () => {
    const { changes: _, ...silent } = memoryStore()
    const make = () => createKVEngine({ secret: SECRET, store: silent, cache: {} }, kvStore)
    expect(make).toThrow(/^edge-session: "cache" needs a store with a change feed/)
  })
})

describe('renewal', () => {
  it('hands out nothing for a session whose time is over meanwhile', async () => {
    const app = memoryInstance({ idle: '1h', absolute: '1h' })
    const { token } = await app.signIn()
    const { recognition } = app.engine.parts()
    const { token: held, record } = await activeOf(app, token)
    await recognition.rotate(held, record)
    const active = await activeOf(app, token)
    expect(active.reissue).not.toBeNull()
    app.clock.now += HOUR
    expect(await app.engine.renew(active)).toBeNull()
  })
})
