/** What a KV database costs. Dollars, a month; sizes in bytes. */
export interface Rates {
  readonly source: string
  readonly perHundredThousandCommands: number
  readonly perGigabyteStored: number
  readonly freeGigabytesStored: number
  readonly freeTier: { readonly commands: number; readonly bytes: number }
  readonly fixedPlans: readonly FixedPlan[]
}

export interface FixedPlan {
  readonly name: string
  readonly dollars: number
  readonly bytes: number
  readonly trafficBytes: number
}

const MB = 1_000_000
const GB = 1_000 * MB
const TB = 1_000 * GB

export const UPSTASH: Rates = {
  source:
    'https://upstash.com/pricing/redis, as transcribed on 2026-09-20 (https://github.com/api-evangelist/upstash, plans/upstash-plans-pricing.yml)',
  perHundredThousandCommands: 0.2,
  perGigabyteStored: 0.25,
  freeGigabytesStored: 1,
  freeTier: { commands: 500_000, bytes: 256 * MB },
  fixedPlans: [
    { name: 'Fixed 250MB', dollars: 10, bytes: 250 * MB, trafficBytes: 50 * GB },
    { name: 'Fixed 1GB', dollars: 20, bytes: GB, trafficBytes: 100 * GB },
    { name: 'Fixed 5GB', dollars: 100, bytes: 5 * GB, trafficBytes: 500 * GB },
    { name: 'Fixed 10GB', dollars: 200, bytes: 10 * GB, trafficBytes: TB },
    { name: 'Fixed 50GB', dollars: 400, bytes: 50 * GB, trafficBytes: 5 * TB },
    { name: 'Fixed 100GB', dollars: 800, bytes: 100 * GB, trafficBytes: 10 * TB },
    { name: 'Fixed 500GB', dollars: 1_500, bytes: 500 * GB, trafficBytes: 20 * TB },
  ],
}

export interface Usage {
  readonly commands: number
  readonly bytesStored: number
  readonly trafficBytes: number
}

export function payAsYouGo(rates: Rates, { commands, bytesStored }: Usage): number {
  if (commands <= rates.freeTier.commands && bytesStored <= rates.freeTier.bytes) return 0
  const stored = Math.max(0, bytesStored / GB - rates.freeGigabytesStored) * rates.perGigabyteStored
  return (commands / 100_000) * rates.perHundredThousandCommands + stored
}

/** The cheapest that is large enough; `null` if none is. */
export function fixedPlanFor(rates: Rates, { bytesStored, trafficBytes }: Usage): FixedPlan | null {
  const enough = rates.fixedPlans.filter(
    (plan) => plan.bytes >= bytesStored && plan.trafficBytes >= trafficBytes,
  )
  return enough.sort((a, b) => a.dollars - b.dollars)[0] ?? null
}
