import { afterEach, describe, expect, it, vi } from 'vitest'
import { never, startStopwatch } from '../src/lib/stopwatch.ts'

afterEach(() => vi.restoreAllMocks())

describe('a stopwatch', () => {
  it.each([
    ['both clocks agree', 500, 500, 500],
    ['the wall clock was set back, but not to before the start', 200, 500, 500],
    ['the machine slept, and the monotonic clock with it', 9_000, 500, 9_000],
    ['no time went by', 0, 0, 0],
    ['the wall clock was set back to before the start', -1, 500, Number.POSITIVE_INFINITY],
  ])('never measures too little: %s', (_, wall, monotonic, measured) => {
    const clock = vi.spyOn(performance, 'now')
    let now = 1_000
    clock.mockReturnValue(70)
    const elapsed = startStopwatch(() => now)
    now += wall
    clock.mockReturnValue(70 + monotonic)
    expect(elapsed()).toBe(measured)
  })

  it('that was never started reads as the longest time', () => {
    expect(never()).toBe(Number.POSITIVE_INFINITY)
  })
})
