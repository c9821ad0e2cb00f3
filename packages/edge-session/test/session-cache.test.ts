import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RecordLookup } from '../src/lib/lookup.ts'
import type { SessionRecord } from '../src/lib/record.ts'
import { createSessionCache } from '../src/lib/session-cache.ts'
import type { ChangeFeed, Changes } from '../src/lib/session-store.ts'
import { newRecord, START } from './support/records.ts'

const found = (record: SessionRecord): RecordLookup => ({
  outcome: 'active',
  record,
  reissue: null,
  stale: false,
})

function cacheOf({
  now = () => START,
  snapshot = 0,
  read = async () => ({ cursor: '1', userIds: [] }),
}: {
  now?: () => number
  snapshot?: number
  read?: ChangeFeed['read']
} = {}) {
  return createSessionCache({
    options: { revocationLag: 5_000, memory: 10, snapshot, staleIfError: 0 },
    changes: { read, watch: () => {}, precedes: (cursor, other) => Number(cursor) < Number(other) },
    kvTimeout: 750,
    now,
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

describe('a reading of the feed that is given up and comes back late', () => {
  beforeEach(() => vi.useFakeTimers({ now: START }))
  afterEach(() => vi.useRealTimers())

  it('takes nothing back that a later one told', async () => {
    const replies: ((changes: Changes) => void)[] = []
    const cache = cacheOf({
      now: Date.now,
      snapshot: 60_000,
      read: () => new Promise((resolve) => void replies.push(resolve)),
    })
    const reading = async (changes: Changes) => {
      const done = cache.catchUp()
      replies.at(-1)?.(changes)
      return done
    }
    const alice = newRecord()
    const copy = { text: JSON.stringify(alice), readAt: START, cursor: '3' }
    expect(await reading({ cursor: '1', userIds: null })).toBe(true)
    await vi.advanceTimersByTimeAsync(5_000)
    // Begun, told of a change at 2, and not heard of for a while.
    const givenUp = cache.catchUp()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await givenUp).toBe(false)
    const late = replies.at(-1)
    expect(await reading({ cursor: '4', userIds: [alice.userId] })).toBe(true)
    expect(await cache.adopt(alice, copy)).toBe(false)
    await vi.advanceTimersByTimeAsync(5_000)
    const next = cache.catchUp()
    late?.({ cursor: '2', userIds: [alice.userId] })
    await vi.advanceTimersByTimeAsync(0)
    replies.at(-1)?.({ cursor: '4', userIds: [] })
    expect(await next).toBe(true)
    expect(await cache.adopt(alice, copy)).toBe(false)
  })
})
