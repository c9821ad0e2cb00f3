import { describe, expect, it } from 'vitest'
import { type Duration, toMilliseconds } from '../src/lib/duration.ts'
import {
  expiresAt,
  expiryReason,
  isProvenWithin,
  isRotationDue,
  LIFETIME_PRESETS,
  touchIntervalOf,
} from '../src/lib/lifetime.ts'
import { cookieIsDead } from '../src/lib/lookup.ts'

const DAY = 86_400_000
const TIMES = { createdAt: 0, authenticatedAt: 0, lastSeenAt: 100, absoluteEnd: 1_000, idle: 50 }

describe('a session', () => {
  it('ends at the earlier of its two ends, exactly', () => {
    expect(expiresAt(TIMES)).toBe(150)
    expect(expiresAt({ ...TIMES, idle: 5_000 })).toBe(1_000)
    expect(expiryReason(TIMES, 149)).toBeNull()
    expect(expiryReason(TIMES, 150)).toBe('expired-idle')
    const busy = { ...TIMES, idle: 5_000 }
    expect(expiryReason(busy, 999)).toBeNull()
    expect(expiryReason(busy, 1_000)).toBe('expired-absolute')
    // Both are over: what can not be renewed is named.
    expect(expiryReason(TIMES, 1_000)).toBe('expired-absolute')
  })

  it('has its activity recorded four times in its idle time at least', () => {
    expect(touchIntervalOf({ ...TIMES, idle: 400 }, 60)).toBe(60)
    expect(touchIntervalOf({ ...TIMES, idle: 400 }, 100)).toBe(100)
    expect(touchIntervalOf({ ...TIMES, idle: 400 }, 101)).toBe(100)
    expect(touchIntervalOf({ ...TIMES, idle: 1 }, 60)).toBe(1)
  })
})

describe('a token', () => {
  it('is rotated at the age that is set, or when it will be that old, and without one never', () => {
    const due = (now: number, ahead?: number) =>
      isRotationDue({ issuedAt: 1_000 }, { rotateEvery: 60, now, ...(ahead && { ahead }) })
    expect([due(1_059), due(1_060)]).toEqual([false, true])
    expect([due(1_049, 10), due(1_050, 10)]).toEqual([false, true])
    expect(isRotationDue({ issuedAt: 0 }, { rotateEvery: null, now: 1e15 })).toBe(false)
  })
})

describe('a proof of identity', () => {
  it('holds as long as it may, and not at all where its time is not known', () => {
    const proven = (time: number, now: number) => isProvenWithin(60, { authenticatedAt: new Date(time), now })
    expect([proven(1_000, 1_060), proven(1_000, 1_061)]).toEqual([true, false])
    expect(proven(Number.NaN, 1_000)).toBe(false)
  })
})

describe('presets', () => {
  it('are what the documentation says', () => {
    expect(LIFETIME_PRESETS).toEqual({
      consumer: { idle: 7 * DAY, absolute: 30 * DAY, touchInterval: 60_000 },
      aal2: { idle: DAY / 24, absolute: DAY, touchInterval: 60_000 },
      aal3: { idle: 900_000, absolute: DAY / 2, touchInterval: 30_000 },
      pci: { idle: 900_000, absolute: DAY / 3, touchInterval: 30_000 },
    })
  })
})

describe('a cookie', () => {
  it('is dead only if no instance, and no other token beside it, can still be right', () => {
    const verdicts = [
      ...(['no-cookie', 'unknown-key', 'ambiguous'] as const),
      ...(['malformed', 'expired-idle', 'expired-absolute'] as const),
      ...(['revoked', 'rotated-reuse', 'corrupt'] as const),
    ]
    expect(verdicts.filter(cookieIsDead)).toEqual(verdicts.slice(3))
  })
})

describe('a duration', () => {
  it.each<[Duration, number]>([
    ['250ms', 250],
    ['30s', 30_000],
    ['15m', 900_000],
    ['8h', 28_800_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    ['1.1h', 3_960_000],
    ['0.7d', 60_480_000],
    ['0.001s', 1],
    ['10.25s', 10_250],
    [1, 1],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('%s is %d milliseconds', (duration, milliseconds) => {
    expect(toMilliseconds(duration, 'idle')).toBe(milliseconds)
  })

  it.each<unknown>([
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, null, undefined, {}, []],
    ...['', '5', 's', '5 s', ' 5s', '5s ', '5S', '-5s', '+5s', '5w', '5ss', 'x5s', '1e3s', '.5s', '5.s'],
    ...['1.5ms', '0s', '0.0001s', '1..5s', '99999999999d'],
  ])('is not %j', (duration) => {
    expect(() => toMilliseconds(duration as Duration, 'idle')).toThrow(
      /^edge-session: "idle" is not a duration\. Use a whole number of milliseconds above 0, or text such as /,
    )
  })
})
