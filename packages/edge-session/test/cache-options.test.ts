import { describe, expect, it } from 'vitest'
import { type CacheOptions, resolveCacheOptions } from '../src/lib/cache-options.ts'

const MINUTE = 60_000

describe('options of the cache', () => {
  it.each<[CacheOptions, object]>([
    [{ revocationLag: '5m' }, { revocationLag: 5 * MINUTE }],
    [{ memory: 1 }, { memory: 1 }],
    [{ memory: 1_000_000 }, { memory: 1_000_000 }],
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

  it.each<[string, CacheOptions]>([
    ['cache.revocationLag', { revocationLag: 5 * MINUTE + 1 }],
    ['cache.memory', { memory: 1_000_001 }],
    ['cache.memory', { memory: Number.NaN }],
    ['cache.snapshot', { snapshot: 5 * MINUTE + 1 }],
    ['cache.staleIfError', { staleIfError: 4_999 }],
    ['cache.staleIfError', { staleIfError: 1_440 * MINUTE + 1 }],
  ])('end there: %s in %j', (name, options) => {
    expect(() => resolveCacheOptions(options)).toThrow(`edge-session: "${name}" must be`)
  })

  it.each(['revocationLag', 'snapshot', 'staleIfError'])('name "cache.%s" when it is no duration', (name) => {
    expect(() => resolveCacheOptions({ [name]: 'soon' })).toThrow(`"cache.${name}" is not a duration`)
  })
})
