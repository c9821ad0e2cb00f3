import { describe, expect, it } from 'vitest'
import type { RecordLookup } from '../src/lib/lookup.ts'
import type { SessionRecord } from '../src/lib/record.ts'
import { createSessionCache } from '../src/lib/session-cache.ts'
import { newRecord, START } from './support/records.ts'

const found = (record: SessionRecord): RecordLookup => ({
  outcome: 'active',
  record,
  reissue: null,
  stale: false,
})

function cacheOf() {
  return createSessionCache({
    options: { revocationLag: 5_000, memory: 10, snapshot: 0, staleIfError: 0 },
    changes: { read: async () => ({ cursor: '1', userIds: [] }), watch: () => {}, precedes: () => false },
    kvTimeout: 750,
    now: () => START,
    emit: () => {},
  })
}

describe('look-ups that never come back', () => {
  it('are counted out, and what comes back after all is not kept', async () => {
    const [cache, early, late] = [cacheOf(), newRecord(), newRecord({ userId: 'bob' })]
    let answer = (_: RecordLookup) => {}
    const looking = cache.readThrough(early, () => new Promise<RecordLookup>((resolve) => (answer = resolve)))
    for (let n = 0; n < 1_000; n += 1) void cache.readThrough(newRecord(), () => new Promise(() => {}))
    answer(found(early))
    expect((await looking).outcome).toBe('active')
    expect(cache.find(early)).toBeNull()
    await cache.readThrough(late, async () => found(late))
    expect(cache.find(late)?.record).toEqual(late)
  })
})
