import { seededRandom } from '../scale/seeded-random.ts'

/** What visitors do and on which instances it arrives. Shares are between 0 and 1, times in seconds. */
export interface Traffic {
  readonly seed: number
  readonly hours: number
  /** People who come by in 24 hours. */
  readonly users: number
  readonly visitsPerDay: number
  /** On average; each visit has at least one. */
  readonly pagesPerVisit: number
  readonly secondsPerPage: number
  /** Requests without a page, such as API calls and prefetches; they go through the proxy too. */
  readonly requestsPerPage: number
  /** Visits that end with a sign-out, so the next one begins with a sign-in. */
  readonly signOuts: number
  /** Visits that change the session's data once. */
  readonly updates: number
  /** 0: the same traffic all day; 1: none at night, twice the average by day. */
  readonly dailySwing: number
  readonly instances: number
  /** `sticky`: a visitor always meets the same instance; `random`: any. */
  readonly routing: 'sticky' | 'random'
  /** Mean life of an instance; it is then replaced by one that remembers nothing. 0: for ever. */
  readonly instanceMinutes: number
}

export type RequestKind = 'page' | 'api' | 'sign-in' | 'sign-out' | 'update'

/** One request of one visitor. */
export interface Arrival {
  /** Milliseconds since the beginning. */
  readonly at: number
  readonly user: number
  readonly kind: RequestKind
  readonly instance: number
  /** Counts the instances that were in this place before. */
  readonly generation: number
}

const HOUR = 3_600_000
const BETWEEN_REQUESTS_OF_A_PAGE = 200

/**
 * The same arrivals for the same traffic, in order of time. Visits of a user do not overlap by design, only by chance.
 */
export function* arrivals(traffic: Traffic): Generator<Arrival> {
  const random = seededRandom(traffic.seed)
  const fleet = createFleet(traffic, seededRandom(traffic.seed + 1))
  const signedIn = signedInAtFirst(traffic)
  let pending: Request[] = []
  const end = traffic.hours * HOUR
  for (let start = 0; start < end; start += HOUR / 60) {
    pending.push(...visitsWithin(start, HOUR / 60))
    const due = pending.filter(({ at }) => at < start + HOUR / 60).sort((a, b) => a.at - b.at)
    pending = pending.filter(({ at }) => at >= start + HOUR / 60)
    for (const { at, user, kind } of due) {
      const wasSignedIn = signedIn[user] === 1
      // Who signed out in another tab is not asked for pages any more, and nobody signs in twice.
      if (at >= end || wasSignedIn === (kind === 'sign-in')) continue
      if (kind === 'sign-in') signedIn[user] = 1
      if (kind === 'sign-out') signedIn[user] = 0
      yield { at: Math.floor(at), user, kind, ...fleet.instanceFor(user, at) }
    }
  }

  function visitsWithin(start: number, length: number): readonly Request[] {
    const mean = traffic.users * traffic.visitsPerDay * (length / (24 * HOUR)) * swing(start)
    return Array.from({ length: poisson(mean, random) }, () => visit(start + random() * length)).flat()
  }

  function visit(start: number): readonly Request[] {
    const user = Math.floor(random() * traffic.users)
    const requests: Request[] = []
    let at = start
    if (signedIn[user] === 0) requests.push({ at, user, kind: 'sign-in' })
    const pages = 1 + geometric(traffic.pagesPerVisit - 1, random)
    for (let page = 0; page < pages; page += 1) {
      at += 1 + exponential(traffic.secondsPerPage * 1_000, random)
      requests.push({ at, user, kind: 'page' })
      for (let request = 1; request <= traffic.requestsPerPage; request += 1) {
        requests.push({ at: at + request * BETWEEN_REQUESTS_OF_A_PAGE, user, kind: 'api' })
      }
    }
    at += 1_000 + exponential(traffic.secondsPerPage * 1_000, random)
    if (random() < traffic.updates) requests.push({ at, user, kind: 'update' })
    if (random() < traffic.signOuts) requests.push({ at: at + 1_000, user, kind: 'sign-out' })
    return requests
  }

  /** Busiest at three in the afternoon, quietest at three at night. */
  function swing(at: number): number {
    return 1 + traffic.dailySwing * Math.sin(((at / HOUR - 9) / 24) * 2 * Math.PI)
  }
}

/** By user: 1 for who begins with a session. */
export function signedInAtFirst({ users, signOuts, seed }: Traffic): Uint8Array {
  const random = seededRandom(seed + 2)
  return Uint8Array.from({ length: users }, () => (random() < signOuts ? 0 : 1))
}

interface Request {
  readonly at: number
  readonly user: number
  readonly kind: RequestKind
}

function createFleet(
  { instances, routing, instanceMinutes }: Traffic,
  random: () => number,
): { instanceFor(user: number, at: number): Pick<Arrival, 'instance' | 'generation'> } {
  const lifetime = () =>
    instanceMinutes === 0 ? Number.POSITIVE_INFINITY : exponential(instanceMinutes * 60_000, random)
  const places = Array.from({ length: instances }, () => ({ generation: 0, end: lifetime() }))
  return {
    instanceFor(user, at) {
      const instance = routing === 'sticky' ? user % instances : Math.floor(random() * instances)
      const place = places[instance]
      if (place === undefined) throw new Error('There is no such instance.')
      while (at >= place.end) {
        place.generation += 1
        place.end += lifetime()
      }
      return { instance, generation: place.generation }
    },
  }
}

function exponential(mean: number, random: () => number): number {
  return -Math.log(1 - random()) * mean
}

/** Whole numbers from 0 with this mean. */
function geometric(mean: number, random: () => number): number {
  return mean <= 0 ? 0 : Math.floor(Math.log(1 - random()) / Math.log(mean / (mean + 1)))
}

function poisson(mean: number, random: () => number): number {
  if (mean > 500) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal))
  }
  let count = 0
  for (let product = 1 - random(); product > Math.exp(-mean); product *= 1 - random()) count += 1
  return count
}
