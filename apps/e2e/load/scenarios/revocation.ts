import { gatherCrowd } from '../crowd.ts'
import { driveFully } from '../drive.ts'
import { openPool } from '../http-pool.ts'
import {
  noRevocations,
  type Revocation,
  type RevocationCounts,
  revokeUnderLoad,
} from '../revocation-round.ts'
import { allZero, type Scenario } from '../scenario.ts'
import { withSite } from '../site.ts'
import { keepTally, type TallySummary } from '../tally.ts'
import { USERS } from '../users.ts'
import { actsOf } from '../visitors.ts'
import { TOUCH_SECONDS } from './mixed.ts'

const REVOKING = 3
const BYSTANDERS = 40

export interface RevocationFigures {
  readonly instances: number
  readonly revocations: RevocationCounts
  readonly load: TallySummary
}

/** Users sign out everywhere, on two instances, while all their sessions and those of others are in use. */
export const REVOCATION: Scenario<RevocationFigures> = {
  name: 'revocation',
  minutes: 2,
  run: (minutes) =>
    withSite({ instances: 2, env: { SESSION_TOUCH_SECONDS: TOUCH_SECONDS } }, async ({ servers }) => {
      const pools = servers.map(({ origin }) => openPool(origin, 12))
      const counts = noRevocations()
      const tally = keepTally()
      const crowd = gatherCrowd(USERS.slice(REVOKING), BYSTANDERS)
      const acts = pools.map((pool) => actsOf(pool, tally))
      await Promise.all(acts.slice(0, 1).map(crowd.arrive))

      const until = Date.now() + minutes * 60_000
      await Promise.all([
        ...USERS.slice(0, REVOKING).map((user) => revokeUntil(until, { user, pools, counts })),
        ...acts.map((each) => driveFully(() => crowd.step(each), { connections: 2, until })),
      ])
      await Promise.all(pools.map((pool) => pool.close()))
      const load = tally.summary()
      const { right, ...wrong } = load.verdicts
      const { lostRevocations, wrongNumbers, refusedSurvivors, wrongIdentities } = counts
      const never = { lostRevocations, wrongNumbers, refusedSurvivors, wrongIdentities }
      return {
        figures: { instances: servers.length, revocations: counts, load },
        failures: [...allZero({ ...wrong, broken: load.broken, ...never }), ...load.complaints],
      }
    }),
}

async function revokeUntil(
  until: number,
  arrangement: Omit<Parameters<typeof revokeUnderLoad>[0], 'kind'>,
): Promise<void> {
  const kinds: readonly Revocation[] = ['revoke-all', 'revoke-others']
  for (let n = 0; Date.now() < until; n += 1)
    await revokeUnderLoad({ ...arrangement, kind: kinds[n % kinds.length] ?? 'revoke-all' })
}
