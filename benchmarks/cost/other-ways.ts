import { createLedger, type Ledger } from './ledger.ts'
import type { RequestKind, Traffic } from './traffic.ts'
import type { Way } from './way.ts'

const FIVE_MINUTES = 5 * 60_000
const DAY = 24 * 3_600_000

/** Commands for each kind of request. Every one is sent as it is, so what is sent is what is run. */
type Costs = Readonly<Record<RequestKind, number>>

/** Sessions in a cookie: edge-session's stateless mode, iron-session. */
export function cookieWay(): Way {
  return { name: 'edge-session stateless, iron-session', ledger: createLedger(), serve() {} }
}

/** The proxy of many tutorials: one GET for each request, no renewal, no page behind it that checks again. */
export function snippetWay(): Way {
  return fixedWay('one GET in the proxy (tutorial)', {
    page: 1,
    api: 1,
    'sign-in': 1,
    'sign-out': 2,
    update: 2,
  })
}

/**
 * better-auth 1.7 with secondary storage: `getSession` is 2 GETs, by layout and page each, and by a handler; the proxy
 * looks at the cookie only. Once a day the session is renewed.
 */
export function betterAuthWay(traffic: Traffic): Way {
  const costs = { page: 4, api: 2, 'sign-in': 3, 'sign-out': 4, update: 6 }
  return renewingWay(fixedWay('better-auth, layout and page', costs), { traffic, commands: 4 })
}

/** The same with its cookie cache. In its favour: the first check after 5 minutes renews it, also while a page renders. */
export function betterAuthCookieCacheWay(traffic: Traffic): Way {
  const ledger = createLedger()
  const cachedAt = new Float64Array(traffic.users).fill(Number.NEGATIVE_INFINITY)
  const changes: Costs = { page: 0, api: 0, 'sign-in': 3, 'sign-out': 4, update: 4 }
  const way: Way = {
    name: 'better-auth, cookie cache (5 min)',
    ledger,
    serve({ at, user, kind }) {
      if (kind !== 'sign-in' && kind !== 'sign-out' && at - (cachedAt[user] ?? 0) >= FIVE_MINUTES) {
        addAll(ledger, { at, purpose: 'check', commands: 2 })
        cachedAt[user] = at
      }
      if (kind === 'sign-in' || kind === 'update') cachedAt[user] = at
      addAll(ledger, { at, purpose: kind, commands: changes[kind] })
    },
  }
  return renewingWay(way, { traffic, commands: 4 })
}

/** Auth.js 5 with its Upstash adapter: `auth()` is 2 GETs, in the proxy, the layout and the page. */
export function authjsWay(traffic: Traffic): Way {
  const costs = { page: 6, api: 4, 'sign-in': 2, 'sign-out': 3, update: 7 }
  return renewingWay(fixedWay('Auth.js and its Upstash adapter', costs), { traffic, commands: 3 })
}

function fixedWay(name: string, costs: Costs): Way {
  const ledger = createLedger()
  return {
    name,
    ledger,
    serve: ({ at, kind }) => addAll(ledger, { at, purpose: kind, commands: costs[kind] }),
  }
}

/** Once a day, the first request of a session stores it again. */
function renewingWay(way: Way, { traffic, commands }: { traffic: Traffic; commands: number }): Way {
  const renewedAt = new Float64Array(traffic.users).fill(Number.NEGATIVE_INFINITY)
  return {
    ...way,
    serve(arrival) {
      const { at, user, kind } = arrival
      if (at - (renewedAt[user] ?? 0) >= DAY) {
        if (kind !== 'sign-in') addAll(way.ledger, { at, purpose: 'renewal', commands })
        renewedAt[user] = at
      }
      way.serve(arrival)
    },
  }
}

function addAll(
  ledger: Ledger,
  { at, purpose, commands }: { at: number; purpose: string; commands: number },
): void {
  for (let n = 0; n < commands; n += 1) ledger.add(at, purpose)
}
