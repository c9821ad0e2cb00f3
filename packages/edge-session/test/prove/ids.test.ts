import { describe, expect, it } from 'vitest'
import { randomSid } from '../../src/lib/token.ts'
import { report } from './report.ts'
import { PATIENCE, runs } from './support/settings.ts'

const IDS = runs({ usual: 20_000, proof: 1_000_000 })
/**
 * Standard deviations. Chance alone takes one of 256 bits beyond 5 in one run of 6,800 (256 * 5.7e-7), beyond 6 in one
 * of 2 million (256 * 2e-9); of few ids, less often still.
 */
const FURTHEST = 6

describe('ids', () => {
  it(`are 256 bits, each as often set as not, never twice: ${IDS} of them (ASVS 7.2.3)`, {
    timeout: PATIENCE,
  }, () => {
    const seen = new Set<string>()
    const lengths = new Set<number>()
    const set = new Uint32Array(256)
    for (let n = 0; n < IDS; n += 1) {
      const sid = randomSid()
      const bytes = Buffer.from(sid, 'base64url')
      seen.add(sid)
      lengths.add(bytes.length)
      for (let bit = 0; bit < 256; bit += 1)
        set[bit] = (set[bit] ?? 0) + (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1)
    }
    const sigma = Math.sqrt(IDS) / 2
    const furthest = Math.max(...set.map((ones) => Math.abs(ones - IDS / 2))) / sigma
    report('ids', { count: seen.size, furthest: furthest.toFixed(2) })
    expect([...lengths]).toEqual([32])
    expect(seen.size).toBe(IDS)
    expect(furthest).toBeLessThan(FURTHEST)
  })
})
