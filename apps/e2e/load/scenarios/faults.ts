import type { FaultAction } from 'local-kv'
import { type Crowd, gatherCrowd } from '../crowd.ts'
import { driveFully } from '../drive.ts'
import { openPool } from '../http-pool.ts'
import type { KVProcess } from '../kv-process.ts'
import { allZero, type Scenario } from '../scenario.ts'
import { withSite } from '../site.ts'
import { keepTally, type TallySummary } from '../tally.ts'
import { USERS } from '../users.ts'
import { type Acts, actsOf } from '../visitors.ts'
import { CONNECTIONS, TOUCH_SECONDS, VISITORS } from './mixed.ts'

const ACTIONS: readonly FaultAction[] = [
  { type: 'delay', ms: 300 },
  { type: 'delay', ms: 2_000, when: 'after' },
  { type: 'hang' },
  { type: 'reset', when: 'before' },
  { type: 'reset', when: 'after' },
  { type: 'status', status: 500 },
  { type: 'status', status: 429, body: '{"error":"ERR max requests limit exceeded"}' },
  { type: 'body', body: '<html>Bad gateway</html>' },
  { type: 'truncate', at: 12 },
]
/** Share of the KV requests that any of them strikes. */
const STRUCK = 0.3
const RECOVERY_SECONDS = 20
/** Short, so that many tokens are replaced while KV fails; the grace is that of the library. */
const ROTATE_SECONDS = '30'

export interface FaultsFigures {
  readonly seconds: number
  /** Share of the KV requests that a fault struck, of the last 10,000. */
  readonly struck: number
  readonly requestsPerSecond: number
  readonly load: TallySummary
  readonly recovery: { readonly milliseconds: number; readonly load: TallySummary }
  readonly signedInAtTheEnd: { readonly visitors: number; readonly right: number }
  readonly never: Readonly<Record<string, number>>
}

const ENV = { SESSION_TOUCH_SECONDS: TOUCH_SECONDS, SESSION_ROTATE_SECONDS: ROTATE_SECONDS }

/** The same mix while almost a third of all KV requests fail in one way or another. */
export const FAULTS: Scenario<FaultsFigures> = {
  name: 'faults',
  minutes: 5,
  run: (minutes) =>
    withSite({ env: ENV }, async ({ kv, server }) => {
      const pool = openPool(server.origin, CONNECTIONS)
      const crowd = gatherCrowd(USERS, VISITORS)
      await crowd.arrive(actsOf(pool, keepTally()))
      const warmUp = actsOf(pool, keepTally())
      await driveFully(() => crowd.step(warmUp), { connections: CONNECTIONS, until: Date.now() + 5_000 })

      await strike(kv)
      const during = keepTally()
      const acts = actsOf(pool, during)
      const started = performance.now()
      await driveFully(() => crowd.step(acts), {
        connections: CONNECTIONS,
        until: Date.now() + minutes * 60_000,
      })
      const seconds = (performance.now() - started) / 1_000
      const struck = await shareStruck(kv)

      // Requests are still under way: nobody waits for the faults to end.
      const after = keepTally()
      const recovery = await watchRecovery({ kv, crowd, acts: actsOf(pool, after) })
      const sweep = keepTally()
      const everybody = actsOf(pool, sweep)
      const signedIn = crowd.visitors.filter(({ token }) => token !== null)
      for (const visitor of signedIn) await everybody.read(visitor, 'me')
      await pool.close()

      const [under, later, swept] = [during.summary(), after.summary(), sweep.summary()]
      const sum = (verdict: 'lost' | 'wrong-identity' | 'revived' | 'unexpected') =>
        under.verdicts[verdict] + later.verdicts[verdict] + swept.verdicts[verdict]
      const never = {
        'signed out by a fault': sum('lost'),
        'wrong identity': sum('wrong-identity'),
        'accepted after signing out': sum('revived'),
        'unexpected answers': sum('unexpected'),
        'no answer': under.broken + later.broken + swept.broken,
        '503 in the last sweep': swept.verdicts.unavailable,
      }
      return {
        figures: {
          seconds,
          struck,
          requestsPerSecond: under.requests / seconds,
          load: under,
          recovery: { ...recovery, load: later },
          signedInAtTheEnd: { visitors: signedIn.length, right: swept.verdicts.right },
          never,
        },
        failures: [...allZero(never), ...[under, later, swept].flatMap(({ complaints }) => complaints)],
      }
    }),
}

/** Each kind of fault on its own, so that together they strike the share that is wanted. */
async function strike(kv: KVProcess): Promise<void> {
  const probability = 1 - (1 - STRUCK) ** (1 / ACTIONS.length)
  await kv.clearJournal()
  await kv.setFaults(ACTIONS.map((action) => ({ action, match: { probability } })))
}

async function shareStruck(kv: KVProcess): Promise<number> {
  const journal = await kv.journal()
  return journal.filter(({ faults }) => faults.length > 0).length / journal.length
}

/** Milliseconds from the end of the faults to the last answer that was not right; 0 if all were. */
async function watchRecovery({
  kv,
  crowd,
  acts,
}: {
  kv: KVProcess
  crowd: Crowd
  acts: Acts
}): Promise<{ milliseconds: number }> {
  let cleared = Number.POSITIVE_INFINITY
  let last = 0
  const watched: Acts = {
    ...acts,
    async read(visitor, page) {
      const verdict = await acts.read(visitor, page)
      if (verdict !== 'right') last = Math.max(last, performance.now() - cleared)
      return verdict
    },
  }
  const driving = driveFully(() => crowd.step(watched), {
    connections: CONNECTIONS,
    until: Date.now() + 2_000 + RECOVERY_SECONDS * 1_000,
  })
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  await kv.setFaults([])
  cleared = performance.now()
  await driving
  return { milliseconds: Math.round(Math.max(0, last)) }
}
