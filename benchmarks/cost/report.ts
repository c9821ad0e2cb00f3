import { markdownTable } from '../scale/repository.ts'
import type { Surroundings } from '../scale/surroundings.ts'
import { type Bill, billOf, type Sizes } from './bill.ts'
import { type Check, TOLERANCE } from './check.ts'
import type { Rates } from './prices.ts'
import type { CacheCase } from './scenarios.ts'
import type { Outcome } from './simulate.ts'
import type { Traffic } from './traffic.ts'

export interface Site {
  readonly traffic: Traffic
  readonly outcomes: readonly Outcome[]
}

export interface Results {
  readonly surroundings: Surroundings
  readonly rates: Rates
  readonly sizes: Sizes
  readonly sites: readonly Site[]
  readonly cacheCases: readonly CacheCase[]
  readonly checks: readonly Check[]
}

export function describeResults({ surroundings, rates, sizes, sites, cacheCases, checks }: Results): string {
  const { date, commit, edgeSession, node } = surroundings
  const [{ traffic } = { traffic: null }] = sites
  if (traffic === null) throw new Error('Nothing was simulated.')
  return [
    `Simulated on ${date} at commit ${commit}: edge-session ${edgeSession}, Node.js ${node}. Prices: ${rates.source}.`,
    `Each user comes by ${traffic.visitsPerDay} times a day, most of them by day, and sees ${traffic.pagesPerVisit} pages, one every ${traffic.secondsPerPage} s. A page makes ${traffic.requestsPerPage} more requests. ${percent(traffic.signOuts)} of the visits end with a sign-out, ${percent(traffic.updates)} change the session. Each request meets ${traffic.routing === 'random' ? 'any instance' : 'the instance of its user'}; an instance lives ${traffic.instanceMinutes} minutes on average. ${sizes.sessionsPerUser} sessions of ${sizes.perSession} bytes are stored for each user of the day. A command and its reply are ${sizes.perCommand} bytes, as counted in the first row of the last table.`,
    ...sites.flatMap((site) => [`### ${siteName(site.traffic)}`, siteTable(site, { rates, sizes })]),
    '### What the cache saves',
    cacheTable(cacheCases),
    '### The simulation against real instances',
    checkTable(checks),
  ].join('\n\n')
}

export function siteTable(
  { traffic, outcomes }: Site,
  { rates, sizes }: { rates: Rates; sizes: Sizes },
): string {
  return markdownTable([
    [
      '',
      'per request',
      'per second, in the busiest minute',
      'per month',
      'pay as you go',
      'the same, counting inside scripts',
      'fixed plan',
    ],
    ...outcomes.map((outcome) => {
      const bill = billOf(outcome, { traffic, rates, sizes })
      const { way, requests, sent, busiestSecond } = outcome
      const counts = [
        (sent / requests).toFixed(2),
        busiestSecond.toFixed(1),
        millions(bill?.commandsPerMonth ?? 0),
      ]
      return [way, ...counts, ...prices(bill)]
    }),
  ])
}

export function siteName({ users, instances }: Traffic): string {
  const count = (value: number, name: string) =>
    `${value.toLocaleString('en-GB')} ${name}${value === 1 ? '' : 's'}`
  return `${count(users, 'user')} a day on ${count(instances, 'instance')}`
}

function prices(bill: Bill | null): readonly string[] {
  if (bill === null) return ['none', 'none', 'none']
  const plan =
    bill.fixedPlan === null
      ? 'none is large enough'
      : `${dollars(bill.fixedPlan.dollars)} (${bill.fixedPlan.name})`
  return [dollars(bill.payAsYouGo), dollars(bill.payAsYouGoWithScripts), plan]
}

function cacheTable(cases: readonly CacheCase[]): string {
  return markdownTable([
    [
      '',
      'strict',
      'cached',
      'of these: reads',
      'feed',
      'touches',
      'strict, inside scripts too',
      'cached, inside scripts too',
    ],
    ...cases.map(({ name, strict, cached }) => {
      const { requests, purposes } = cached
      const counts = [
        strict.sent,
        cached.sent,
        purposes.read,
        purposes.feed,
        purposes.touch,
        strict.run,
        cached.run,
      ]
      return [name, ...counts.map((count = 0) => (count / requests).toFixed(2))]
    }),
  ])
}

function checkTable(checks: readonly Check[]): string {
  const off = (simulated: number, counted: number) => `${((simulated / counted - 1) * 100).toFixed(1)} %`
  const table = markdownTable([
    ['', 'requests', 'commands counted', 'simulated', '', 'run in Redis', 'simulated', ''],
    ...checks.map(({ name, counted, simulated }) => [
      name,
      String(counted.requests),
      String(counted.sent),
      String(simulated.sent),
      off(simulated.sent, counted.sent),
      String(counted.run),
      String(simulated.run),
      off(simulated.run, counted.run),
    ]),
  ])
  return `${table}\n\nThe command fails if one of them is off by more than ${TOLERANCE * 100} %.`
}

function dollars(value: number): string {
  return value === 0
    ? '$0 (free tier)'
    : `$${value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en-GB')}`
}

function millions(value: number): string {
  return value === 0 ? '0' : `${(value / 1_000_000).toFixed(value < 10_000_000 ? 2 : 1)} M`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
