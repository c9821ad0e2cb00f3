import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SessionUnknownError } from '../src/lib/errors.ts'
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

interface Given {
  readonly now?: () => number
  readonly snapshot?: number
  readonly read?: ChangeFeed['read']
  readonly watch?: ChangeFeed['watch']
}

function cacheOf({
  now = () => START,
  snapshot = 0,
  read = async () => ({ cursor: '1', userIds: [] }),
  watch = () => {},
}: Given = {}) {
  return createSessionCache({
    options: { revocationLag: 5_000, memory: 10, snapshot, staleIfError: 0 },
    changes: { read, watch, precedes: (cursor, other) => Number(cursor) < Number(other) },
    kvTimeout: 750,
    now,
    emit: () => {},
  })
}

/** A look-up that is answered when the test says so. */
function pending() {
  let answer = (_: RecordLookup) => {}
  const looking = () => new Promise<RecordLookup>((resolve) => (answer = resolve))
  return { looking, answer: (result: RecordLookup) => answer(result) }
}

describe('what is kept', () => {
  it('is the latest ten sessions of a user', async () => {
    const cache = cacheOf()
    const records = Array.from({ length: 12 }, () => newRecord())
    for (const record of records) await cache.readThrough(record, async () => found(record))
    expect(records.map((record) => cache.find(record) !== null)).toEqual([
      ...[false, false],
      ...Array.from({ length: 10 }, () => true),
    ])
  })

  it('is the same session again without another one having to go', async () => {
    const cache = cacheOf()
    const records = Array.from({ length: 10 }, () => newRecord())
    for (const record of records) await cache.readThrough(record, async () => found(record))
    await cache.readThrough(records[5] ?? newRecord(), async () => found(records[5] ?? newRecord()))
    expect(records.every((record) => cache.find(record) !== null)).toBe(true)
  })

  it('is what was asked for, not its successor', async () => {
    const [cache, asked, successor] = [cacheOf(), newRecord(), newRecord()]
    await cache.readThrough(asked, async () => found(successor))
    expect([cache.find(asked), cache.find(successor)]).toEqual([null, null])
  })

  it('is what several were looked up for at the same time', async () => {
    const [cache, alice, bob] = [cacheOf(), newRecord(), newRecord({ userId: 'bob' })]
    const [first, second] = [pending(), pending()]
    const looks = [cache.readThrough(alice, first.looking), cache.readThrough(bob, second.looking)]
    first.answer(found(alice))
    second.answer(found(bob))
    await Promise.all(looks)
    expect([cache.find(alice)?.record, cache.find(bob)?.record]).toEqual([alice, bob])
  })

  it('is not what was changed while it was looked up, and that alone', async () => {
    let changed = (_: string) => {}
    const cache = cacheOf({ watch: (listener) => (changed = listener) })
    const [alice, bob] = [newRecord(), newRecord({ userId: 'bob' })]
    const [first, second] = [pending(), pending()]
    const looks = [cache.readThrough(alice, first.looking), cache.readThrough(bob, second.looking)]
    changed('alice')
    first.answer(found(alice))
    second.answer(found(bob))
    await Promise.all(looks)
    expect([cache.find(alice), cache.find(bob)?.record]).toEqual([null, bob])
  })

  it('learns of recorded activity, and nothing else by it', async () => {
    const [cache, record] = [cacheOf(), newRecord()]
    await cache.readThrough(record, async () => found(record))
    cache.touched({ ...record, data: {}, lastSeenAt: START + 7 })
    expect(cache.find(record)?.record).toEqual({ ...record, lastSeenAt: START + 7 })
    const stranger = newRecord({ userId: 'carol' })
    cache.touched(stranger)
    expect(cache.find(stranger)).toBeNull()
  })

  it('is never served through an outage unless it may be', async () => {
    const cache = cacheOf()
    await cache.catchUp()
    expect([cache.isCurrent(), cache.mayBeStale()]).toEqual([true, false])
  })
})

describe('a copy that a visitor carries', () => {
  const MINUTE = 60_000
  const copyOf = (record: SessionRecord, readAt = START) => ({
    text: JSON.stringify(record),
    readAt,
    cursor: '1',
  })

  it.each([
    [-MINUTE - 1, false],
    [-MINUTE, true],
    [0, true],
    [MINUTE - 1, true],
    [MINUTE, false],
  ])('is adopted %i ms after it was read: %s', async (age, expected) => {
    const [cache, record] = [cacheOf({ snapshot: MINUTE }), newRecord()]
    await cache.catchUp()
    expect(await cache.adopt(record, copyOf(record, START - age))).toBe(expected)
    expect(cache.find(record) !== null).toBe(expected)
  })

  it('is as old as it is: what is left of its time is told on', async () => {
    const [cache, record] = [cacheOf({ snapshot: MINUTE }), newRecord()]
    await cache.adopt(record, copyOf(record, START - 20_000))
    const lifetime = cache.snapshotOf(record)?.lifetime ?? 0
    expect(lifetime).toBeGreaterThan(35_000)
    expect(lifetime).toBeLessThanOrEqual(40_000)
  })

  it('is where an instance that has read nothing begins', async () => {
    const read = vi.fn<ChangeFeed['read']>(async () => ({ cursor: '5', userIds: [] }))
    const [cache, record] = [cacheOf({ snapshot: MINUTE, read }), newRecord()]
    expect(await cache.adopt(record, copyOf(record))).toBe(true)
    expect(read.mock.calls).toEqual([['1']])
  })

  it('is made of what is kept and current alone', async () => {
    let time = START
    const cache = cacheOf({ snapshot: MINUTE, now: () => time })
    const record = newRecord()
    await cache.readThrough(record, async () => found(record))
    expect(cache.snapshotOf(record)).toBeNull()
    await cache.catchUp()
    expect(cache.snapshotOf(record)).toBeNull()
    await cache.readThrough(record, async () => found(record))
    expect(cache.snapshotOf(newRecord())).toBeNull()
    expect(cache.snapshotOf(record)?.snapshot).toEqual(copyOf(record))
    time += 5_000
    expect(cache.snapshotOf(record)).toBeNull()
  })
})

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

  function slowFeed() {
    const readings: { answer: (changes: Changes) => void; fail: (error: Error) => void }[] = []
    const read = () =>
      new Promise<Changes>((answer, fail) => {
        readings.push({ answer, fail })
      })
    return { readings, cache: cacheOf({ now: Date.now, read }) }
  }

  it('is waited for by all who ask meanwhile, and given up after twice the time limit', async () => {
    const { readings, cache } = slowFeed()
    const asking = [cache.catchUp(), cache.catchUp()]
    await vi.advanceTimersByTimeAsync(750)
    expect(await Promise.all(asking)).toEqual([false, false])
    await vi.advanceTimersByTimeAsync(750)
    const joined = cache.catchUp()
    expect(readings).toHaveLength(1)
    readings[0]?.answer({ cursor: '1', userIds: null })
    expect(await joined).toBe(true)
    await vi.advanceTimersByTimeAsync(5_000)
    void cache.catchUp()
    await vi.advanceTimersByTimeAsync(1_501)
    void cache.catchUp()
    expect(readings).toHaveLength(3)
  })

  it('ends no newer one, whether it succeeds or fails', async () => {
    for (const end of ['answer', 'fail'] as const) {
      const { readings, cache } = slowFeed()
      void cache.catchUp()
      await vi.advanceTimersByTimeAsync(1_501)
      const second = cache.catchUp()
      if (end === 'answer') readings[0]?.answer({ cursor: '1', userIds: null })
      else readings[0]?.fail(new SessionUnknownError('changes', 'timeout'))
      await vi.advanceTimersByTimeAsync(1)
      const third = end === 'fail' ? cache.catchUp() : null
      expect(readings).toHaveLength(2)
      readings[1]?.answer({ cursor: '2', userIds: null })
      expect(await second).toBe(true)
      if (third !== null) expect(await third).toBe(true)
    }
  })

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
