import { describe, expect, it } from 'vitest'
import { type CacheOptions, resolveCacheOptions } from '../src/lib/cache-options.ts'
import { ConfigurationError } from '../src/lib/errors.ts'

const MINUTE = 60_000

describe('options of the cache', () => {
  it('are 5 seconds and 10,000 users, without snapshots, and without stale answers, when nothing is said', () => {
    expect(resolveCacheOptions({})).toEqual({
      revocationLag: 5_000,
      memory: 10_000,
      snapshot: 0,
      staleIfError: 0,
    })
  })

  it.each<[CacheOptions, object]>([
    [{ revocationLag: '5m' }, { revocationLag: 5 * MINUTE }],
    [{ memory: 1 }, { memory: 1 }],
    [{ memory: 1_000_000 }, { memory: 1_000_000 }],
    [{ snapshot: '2s' }, { snapshot: 2_000 }],
    [{ snapshot: '5m' }, { snapshot: 5 * MINUTE }],
    [{ staleIfError: '5s' }, { staleIfError: 5_000 }],
    [
      { revocationLag: '1m', staleIfError: '1m' },
      { revocationLag: MINUTE, staleIfError: MINUTE },
    ],
    [{ staleIfError: '24h' }, { staleIfError: 1_440 * MINUTE }],
  ])('reach to their bounds: %j', (options, resolved) => {
    expect(resolveCacheOptions(options)).toMatchObject(resolved)
  })

  const LAG = '"cache.revocationLag" must be at most 5 minutes: that long a revoked session works on.'
  const MEMORY = '"cache.memory" must be a whole number of users from 1 to 1,000,000.'
  const SNAPSHOT = '"cache.snapshot" must be at least 2 seconds and at most 5 minutes.'
  const STALE = '"cache.staleIfError" must be at least "cache.revocationLag" and at most 24 hours.'
  it.each<[CacheOptions, string]>([
    [{ revocationLag: 5 * MINUTE + 1 }, LAG],
    [{ memory: 0 }, MEMORY],
    [{ memory: 1.5 }, MEMORY],
    [{ memory: 1_000_001 }, MEMORY],
    [{ memory: Number.NaN }, MEMORY],
    [{ snapshot: 1_999 }, SNAPSHOT],
    [{ snapshot: 5 * MINUTE + 1 }, SNAPSHOT],
    [{ staleIfError: 4_999 }, STALE],
    [{ staleIfError: 1_440 * MINUTE + 1 }, STALE],
    [{ revocationLag: '1m', staleIfError: MINUTE - 1 }, STALE],
  ])('end there: %j', (options, told) => {
    expect(() => resolveCacheOptions(options)).toThrow(new ConfigurationError(told))
  })

  it.each(['revocationLag', 'snapshot', 'staleIfError'])('name "cache.%s" when it is no duration', (name) => {
    expect(() => resolveCacheOptions({ [name]: 'soon' })).toThrow(`"cache.${name}" is not a duration`)
  })
})
