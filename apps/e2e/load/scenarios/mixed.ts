import { gatherCrowd } from '../crowd.ts'
import { driveFully } from '../drive.ts'
import { openPool } from '../http-pool.ts'
import { countKV, type KVCount } from '../kv-count.ts'
import { type Usage, usageOf } from '../process-usage.ts'
import { allZero, type Scenario } from '../scenario.ts'
import { withSite } from '../site.ts'
import { keepTally, type TallySummary } from '../tally.ts'
import { USERS } from '../users.ts'
import { actsOf } from '../visitors.ts'

export const CONNECTIONS = 10
export const VISITORS = 200
/** Short, so that reads record activity all the time. */
export const TOUCH_SECONDS = '5'

export interface MixedFigures {
  readonly seconds: number
  readonly connections: number
  readonly visitors: number
  readonly users: number
  readonly requestsPerSecond: number
  readonly load: TallySummary
  readonly kv: KVCount
  readonly server: { readonly before: Usage; readonly after: Usage }
  /** Of the server, for each sign-in of those before the measurement. */
  readonly processorSecondsOfASignIn: number
  readonly keysAtTheEnd: number
}

/** 80 % reads, 15 % writes, 5 % sign-ins and sign-outs, as fast as ten connections are answered. */
export const MIXED: Scenario<MixedFigures> = {
  name: 'mixed',
  minutes: 10,
  run: (minutes) =>
    withSite({ env: { SESSION_TOUCH_SECONDS: TOUCH_SECONDS } }, async ({ kv, server }) => {
      const pool = openPool(server.origin, CONNECTIONS)
      const crowd = gatherCrowd(USERS, VISITORS)
      const empty = usageOf(server.pid)
      await crowd.arrive(actsOf(pool, keepTally()))
      const arrival = usageOf(server.pid).processorSeconds - empty.processorSeconds
      const acts = actsOf(pool, keepTally())
      await driveFully(() => crowd.step(acts), { connections: CONNECTIONS, until: Date.now() + 5_000 })

      const tally = keepTally()
      const measured = actsOf(pool, tally)
      const before = usageOf(server.pid)
      const started = performance.now()
      const counted = await countKV(kv, () =>
        driveFully(() => crowd.step(measured), {
          connections: CONNECTIONS,
          until: Date.now() + minutes * 60_000,
        }),
      )
      const seconds = (performance.now() - started) / 1_000
      const after = usageOf(server.pid)

      const last = keepTally()
      await crowd.leave(actsOf(pool, last))
      const keysAtTheEnd = await kv.keys()
      await pool.close()
      const load = tally.summary()
      const { right, ...wrong } = load.verdicts
      return {
        figures: {
          seconds,
          connections: CONNECTIONS,
          visitors: VISITORS,
          users: USERS.length,
          requestsPerSecond: load.requests / seconds,
          load,
          kv: counted.kv,
          server: { before, after },
          processorSecondsOfASignIn: arrival / VISITORS,
          keysAtTheEnd,
        },
        failures: [
          ...allZero({
            ...wrong,
            broken: load.broken,
            'keys in KV after everybody signed out': keysAtTheEnd,
          }),
          ...load.complaints,
        ],
      }
    }),
}
