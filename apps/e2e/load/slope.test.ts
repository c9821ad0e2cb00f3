import { expect, it } from 'vitest'
import { slopePerTenMinutes } from './slope.ts'

it('grows by a hundredth of its mean in ten minutes: 1 %', () => {
  const points = Array.from({ length: 121 }, (_, minute) => ({ minute, value: 200 + (minute - 60) * 0.2 }))
  expect(slopePerTenMinutes(points)).toBeCloseTo(1)
})

it('goes up and down around the same level: 0 %', () => {
  const points = [100, 110, 110, 100].map((value, minute) => ({ minute, value }))
  expect(slopePerTenMinutes(points)).toBeCloseTo(0)
})
