import { arrivals, type Traffic } from './traffic.ts'
import type { Way } from './way.ts'

/** What one way to keep sessions took for some traffic. */
export interface Outcome {
  readonly way: string
  readonly requests: number
  readonly sent: number
  readonly run: number
  readonly busiestSecond: number
  readonly purposes: Readonly<Record<string, number>>
}

/** All of them see the same arrivals. */
export function simulate(traffic: Traffic, ways: readonly Way[]): readonly Outcome[] {
  let requests = 0
  for (const arrival of arrivals(traffic)) {
    requests += 1
    for (const way of ways) way.serve(arrival)
  }
  return ways.map(({ name, ledger: { sent, run, busiestMinute, purposes } }) => ({
    way: name,
    requests,
    sent,
    run,
    busiestSecond: busiestMinute / 60,
    purposes: Object.fromEntries(purposes),
  }))
}
