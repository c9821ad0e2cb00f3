import { type CacheSettings, cachedWay, strictWay } from './edge-session-ways.ts'
import { authjsWay, betterAuthCookieCacheWay, betterAuthWay, cookieWay, snippetWay } from './other-ways.ts'
import { type Outcome, simulate } from './simulate.ts'
import type { Traffic } from './traffic.ts'

/** Sites of three sizes, as many instances as would serve them on a serverless platform. */
export const SITES = [
  { users: 1_000, instances: 2 },
  { users: 10_000, instances: 4 },
  { users: 100_000, instances: 20 },
] as const

export function compareWays(traffic: Traffic, cache: CacheSettings): readonly Outcome[] {
  return simulate(traffic, [
    strictWay(traffic, cache),
    cachedWay(traffic, cache),
    cookieWay(),
    snippetWay(),
    betterAuthWay(traffic),
    betterAuthCookieCacheWay(traffic),
    authjsWay(traffic),
  ])
}

export interface CacheCase {
  readonly name: string
  readonly strict: Outcome
  readonly cached: Outcome
}

/** What the cache saves depends on where requests arrive: one thing is changed in each of these. */
export function varyCache(traffic: Traffic, cache: CacheSettings): readonly CacheCase[] {
  const cases: readonly [string, Partial<Traffic>, Partial<CacheSettings>][] = [
    ['as above', {}, {}],
    ['1 instance', { instances: 1 }, {}],
    ['16 instances', { instances: 16 }, {}],
    ['64 instances', { instances: 64 }, {}],
    ['64 instances, sticky routing', { instances: 64, routing: 'sticky' }, {}],
    ['instances live 3 minutes', { instanceMinutes: 3 }, {}],
    ['servers that stay', { instanceMinutes: 0 }, {}],
    ['revocation within 1 s', {}, { revocationLag: 1_000 }],
    ['revocation within 30 s', {}, { revocationLag: 30_000 }],
    ['touchInterval 5 minutes', {}, { touchInterval: 300_000 }],
    ['memory for 100 sessions', {}, { memory: 100 }],
    ['100 users', { users: 100 }, {}],
    ['20 requests per page, such as prefetches', { requestsPerPage: 20 }, {}],
  ]
  return cases.map(([name, otherTraffic, otherCache]) => {
    const varied = { ...traffic, ...otherTraffic }
    const settings = { ...cache, ...otherCache }
    const [strict, cached] = simulate(varied, [strictWay(varied, settings), cachedWay(varied, settings)])
    if (strict === undefined || cached === undefined) throw new Error('There are two ways.')
    return { name, strict, cached }
  })
}
