import { fixedPlanFor, payAsYouGo, type Rates } from './prices.ts'
import type { Outcome } from './simulate.ts'
import type { Traffic } from './traffic.ts'

const HOURS_OF_A_MONTH = 30 * 24

export interface Sizes {
  /** Bytes that KV keeps for a session, and of a command with its reply. */
  readonly perSession: number
  readonly perCommand: number
  /** Sessions that are stored for each of the day's users: other devices, and users of other days. */
  readonly sessionsPerUser: number
}

export interface Bill {
  readonly commandsPerMonth: number
  /** Dollars for the commands that are sent. */
  readonly payAsYouGo: number
  /** The same if commands inside scripts are billed as well. */
  readonly payAsYouGoWithScripts: number
  readonly fixedPlan: { readonly name: string; readonly dollars: number } | null
}

/** A month of the simulated traffic; `null` for what needs no KV. */
export function billOf(
  { sent, run }: Outcome,
  { traffic, rates, sizes }: { traffic: Traffic; rates: Rates; sizes: Sizes },
): Bill | null {
  if (sent === 0) return null
  const months = HOURS_OF_A_MONTH / traffic.hours
  const bytesStored = traffic.users * sizes.sessionsPerUser * sizes.perSession
  const usage = { commands: sent * months, bytesStored, trafficBytes: sent * months * sizes.perCommand }
  const plan = fixedPlanFor(rates, usage)
  return {
    commandsPerMonth: usage.commands,
    payAsYouGo: payAsYouGo(rates, usage),
    payAsYouGoWithScripts: payAsYouGo(rates, { ...usage, commands: run * months }),
    fixedPlan: plan && { name: plan.name, dollars: plan.dollars },
  }
}
