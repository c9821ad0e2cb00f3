import { type CacheSettings, cachedWay, strictWay } from './edge-session-ways.ts'
import { type Counted, countForReal } from './real-run.ts'
import { arrivals, type Traffic } from './traffic.ts'

/** A simulation beside the commands that real instances sent for the same traffic. */
export interface Check {
  readonly name: string
  readonly counted: Counted
  readonly simulated: { readonly sent: number; readonly run: number }
}

/** How far the simulation may be from what was counted. */
export const TOLERANCE = 0.05

/** An hour of a small site where everything happens often: changes, sign-outs, instances that end. */
const BUSY: Traffic = {
  seed: 7,
  hours: 1,
  users: 40,
  visitsPerDay: 36,
  pagesPerVisit: 6,
  secondsPerPage: 40,
  requestsPerPage: 2,
  signOuts: 0.2,
  updates: 0.3,
  dailySwing: 0,
  instances: 3,
  routing: 'random',
  instanceMinutes: 20,
}

const CACHE: CacheSettings = { touchInterval: 60_000, revocationLag: 5_000, memory: 10_000 }

const STICKY: Traffic = { ...BUSY, routing: 'sticky', seed: 8 }

const CASES: readonly CheckedCase[] = [
  { name: 'strict, random routing', traffic: BUSY, mode: 'strict', settings: CACHE },
  {
    name: 'strict, sticky routing, touchInterval 5m',
    traffic: STICKY,
    mode: 'strict',
    settings: { ...CACHE, touchInterval: 300_000 },
  },
  { name: 'cached, random routing', traffic: BUSY, mode: 'cached', settings: CACHE },
  { name: 'cached, sticky routing', traffic: STICKY, mode: 'cached', settings: CACHE },
  {
    name: 'cached, memory for 4 sessions',
    traffic: BUSY,
    mode: 'cached',
    settings: { ...CACHE, memory: 4 },
  },
]

interface CheckedCase {
  readonly name: string
  readonly traffic: Traffic
  readonly mode: 'strict' | 'cached'
  readonly settings: CacheSettings
}

/** @throws if a simulation is further off than `TOLERANCE`. */
export async function checkSimulation(): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const { name, traffic, mode, settings } of CASES) {
    const counted = await countForReal(traffic, { mode, settings })
    const way = mode === 'strict' ? strictWay(traffic, settings) : cachedWay(traffic, settings)
    for (const arrival of arrivals(traffic)) way.serve(arrival)
    const { sent, run } = way.ledger
    const check = { name, counted, simulated: { sent, run } }
    checks.push(check)
    console.log(
      `${name}: ${counted.requests} requests, ${counted.sent} commands counted and ${sent} simulated (run: ${counted.run} and ${run})`,
    )
  }
  const wrong = checks.filter(
    ({ counted, simulated }) =>
      Math.abs(simulated.sent / counted.sent - 1) > TOLERANCE ||
      Math.abs(simulated.run / counted.run - 1) > TOLERANCE,
  )
  if (wrong.length > 0) {
    throw new Error(
      `The simulation is more than ${TOLERANCE * 100} % off: ${wrong.map(({ name }) => name).join('; ')}.`,
    )
  }
  return checks
}
