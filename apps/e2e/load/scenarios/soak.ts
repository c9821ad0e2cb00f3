import { setTimeout as pause } from 'node:timers/promises'
import { gatherCrowd } from '../crowd.ts'
import { drivePaced } from '../drive.ts'
import { openPool } from '../http-pool.ts'
import { type Usage, usageOf } from '../process-usage.ts'
import { allZero, type Scenario } from '../scenario.ts'
import { withSite } from '../site.ts'
import { slopePerTenMinutes } from '../slope.ts'
import { keepTally, type TallySummary } from '../tally.ts'
import { USERS } from '../users.ts'
import { actsOf } from '../visitors.ts'
import { TOUCH_SECONDS, VISITORS } from './mixed.ts'

const PER_SECOND = 50
/** With as much room as this machine has, V8 would put off collecting garbage, and hide or feign a leak. */
const HEAP = '--max-old-space-size=256'
/** Share of the time after which memory should not grow any more. */
const WARM_UP = 0.25

export interface Sample extends Usage {
  readonly minute: number
}

export interface SoakFigures {
  readonly minutes: number
  readonly perSecond: number
  readonly warmUpMinutes: number
  readonly rssSlopePercentPerTenMinutes: number
  readonly keys: { readonly before: number; readonly after: number }
  readonly descriptors: { readonly first: number; readonly last: number; readonly most: number }
  readonly samples: readonly Sample[]
  readonly load: TallySummary
}

/** The mix at a moderate rate, for as long as one likes. */
export const SOAK: Scenario<SoakFigures> = {
  name: 'soak',
  minutes: 120,
  run: (minutes) =>
    withSite(
      { env: { SESSION_TOUCH_SECONDS: TOUCH_SECONDS, NODE_OPTIONS: HEAP } },
      async ({ kv, server }) => {
        const pool = openPool(server.origin, 16)
        const crowd = gatherCrowd(USERS, VISITORS)
        const tally = keepTally()
        const acts = actsOf(pool, tally)
        const keysBefore = await kv.keys()
        await crowd.arrive(acts)

        const samples: Sample[] = []
        const started = Date.now()
        const until = started + minutes * 60_000
        const sampling = (async () => {
          for (; Date.now() < until; await pause(Math.min(60_000, minutes * 6_000))) {
            const minute = (Date.now() - started) / 60_000
            samples.push({ minute: Math.round(minute * 100) / 100, ...usageOf(server.pid) })
          }
        })()
        await drivePaced(() => crowd.step(acts), { perSecond: PER_SECOND, until })
        await sampling

        await crowd.leave(acts)
        const keysAfter = await kv.keys()
        await pool.close()
        const load = tally.summary()
        const { right, ...wrong } = load.verdicts
        const settled = samples.filter(({ minute }) => minute >= minutes * WARM_UP)
        return {
          figures: {
            minutes,
            perSecond: PER_SECOND,
            warmUpMinutes: minutes * WARM_UP,
            rssSlopePercentPerTenMinutes: slopePerTenMinutes(
              settled.map(({ minute, rssMiB }) => ({ minute, value: rssMiB })),
            ),
            keys: { before: keysBefore, after: keysAfter },
            descriptors: {
              first: settled[0]?.descriptors ?? 0,
              last: settled.at(-1)?.descriptors ?? 0,
              most: Math.max(...settled.map(({ descriptors }) => descriptors)),
            },
            samples,
            load,
          },
          failures: [
            ...allZero({ ...wrong, broken: load.broken, 'KV keys left behind': keysAfter - keysBefore }),
            ...load.complaints,
          ],
        }
      },
    ),
}
