import { load } from './load.ts'
import { type Contestant, visitorsOf } from './rounds.ts'
import { API } from './targets.ts'

/** What KV is asked at an even pace: a feed of changes is read by time, not by request. */
export interface Paced {
  readonly requestsPerSecond: number
  readonly seconds: number
  readonly visitors: number
  readonly commandsPerRequest: number
}

/** Longer than the minute after which activity is recorded again. */
const SECONDS = 70
const PACE = 100

export async function countAtPace(contestant: Contestant): Promise<Paced> {
  const visitors = await visitorsOf(contestant)
  const { kvCommands, requestsPerSecond } = await load(
    { ...contestant, visitors },
    { target: API, connections: 10, until: { seconds: SECONDS }, pace: PACE },
  )
  return { requestsPerSecond, seconds: SECONDS, visitors: visitors.length, commandsPerRequest: kvCommands }
}
