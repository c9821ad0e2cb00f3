import { gatherCrowd } from '../crowd.ts'
import { driveFully } from '../drive.ts'
import { openPool } from '../http-pool.ts'
import { countKV, type KVCount, perRequest } from '../kv-count.ts'
import { allZero, type Scenario } from '../scenario.ts'
import { withSite } from '../site.ts'
import { keepTally, type TallySummary } from '../tally.ts'
import { USERS } from '../users.ts'
import { actsOf } from '../visitors.ts'
import { CONNECTIONS, VISITORS } from './mixed.ts'

export interface CostFigures {
  readonly seconds: number
  readonly visitors: number
  readonly requestsPerSecond: number
  readonly requestsPerVisitorAndMinute: number
  readonly load: TallySummary
  readonly kv: KVCount
  readonly readsPerRequest: number
  readonly writesPerRequest: number
}

/** Reads alone, with the lifetimes an app has that sets none. */
export const COST: Scenario<CostFigures> = {
  name: 'cost',
  minutes: 2,
  run: (minutes) =>
    withSite({}, async ({ kv, server }) => {
      const pool = openPool(server.origin, CONNECTIONS)
      const crowd = gatherCrowd(USERS, VISITORS)
      await crowd.arrive(actsOf(pool, keepTally()))
      const acts = actsOf(pool, keepTally())
      // Until the first minute after signing in is over, there is no activity to record.
      const warm = Math.min(minutes, 1) * 60_000
      await driveFully(() => crowd.read(acts), { connections: CONNECTIONS, until: Date.now() + warm })

      const tally = keepTally()
      const measured = actsOf(pool, tally)
      const started = performance.now()
      const counted = await countKV(kv, () =>
        driveFully(() => crowd.read(measured), {
          connections: CONNECTIONS,
          until: Date.now() + minutes * 60_000,
        }),
      )
      const seconds = (performance.now() - started) / 1_000
      await pool.close()
      const load = tally.summary()
      const { right, ...wrong } = load.verdicts
      const cost = perRequest(counted.kv, load.requests)
      return {
        figures: {
          seconds,
          visitors: VISITORS,
          requestsPerSecond: load.requests / seconds,
          requestsPerVisitorAndMinute: (load.requests / seconds / VISITORS) * 60,
          load,
          kv: counted.kv,
          readsPerRequest: cost.reads,
          writesPerRequest: cost.others,
        },
        failures: [...allZero({ ...wrong, broken: load.broken }), ...load.complaints],
      }
    }),
}
