import { gatherCrowd } from '../crowd.ts'
import { drivePaced } from '../drive.ts'
import type { AttackReport } from '../flood/attacker.ts'
import type { ForgeryMaterial } from '../flood/forgeries.ts'
import { startAttack } from '../flood/start-attack.ts'
import { openPool } from '../http-pool.ts'
import { countKV, type KVCount } from '../kv-count.ts'
import { type Usage, usageOf } from '../process-usage.ts'
import { allZero, type Scenario } from '../scenario.ts'
import { type Site, withSite } from '../site.ts'
import { keepTally, type TallySummary } from '../tally.ts'
import { USERS } from '../users.ts'
import { actsOf } from '../visitors.ts'

const LEGITIMATE_PER_SECOND = 20
const VISITORS = 40
/** Disjoint, so that every KV command can be told apart. */
const [LEGITIMATE, FORGED] = [USERS.slice(0, 4), USERS.slice(4)]
const FLOOD_PER_SECOND = 2_000
/** No activity is recorded meanwhile, so every KV command has a reason that can be named. */
const ENV = { SESSION_TOUCH_SECONDS: '86400' }

export interface FloodPhase {
  readonly legitimate: TallySummary
  readonly kv: KVCount
  /** Commands about anything but the legitimate users, whose names no forgery has. */
  readonly kvCommandsOfTheFlood: number
  /** Commands about them beyond one a request: KV had not answered in time. */
  readonly secondAttempts: number
  readonly before: Usage
  readonly after: Usage
  readonly attack: AttackReport | null
  readonly attackPerSecond: number
}

export interface FloodFigures {
  readonly offeredPerSecond: number
  readonly halfPerSecond: number
  readonly legitimatePerSecond: number
  readonly phases: Readonly<
    Record<'calm' | 'anonymous' | 'forged' | 'anonymousHalf' | 'forgedHalf', FloodPhase>
  >
}

/** Forged cookies beside a little legitimate traffic, and the same requests without a cookie to compare with. */
export const FLOOD: Scenario<FloodFigures> = {
  name: 'flood',
  minutes: 1,
  run: (minutes) =>
    withSite({ env: ENV }, async (site) => {
      const material = await collectMaterial(site)
      const measure = await arrange(site, minutes * 60)
      await measure({ perSecond: FLOOD_PER_SECOND, material: null, seconds: 5 })
      const calm = await measure(null)
      const anonymous = await measure({ perSecond: FLOOD_PER_SECOND, material: null })
      const forged = await measure({ perSecond: FLOOD_PER_SECOND, material })
      // Half of what the machine can take: what forgeries cost others when there is room.
      const half = Math.min(FLOOD_PER_SECOND, Math.round(forged.attackPerSecond / 2))
      const anonymousHalf = await measure({ perSecond: half, material: null })
      const forgedHalf = await measure({ perSecond: half, material })
      const phases = { calm, anonymous, forged, anonymousHalf, forgedHalf }
      return {
        figures: {
          offeredPerSecond: FLOOD_PER_SECOND,
          halfPerSecond: half,
          legitimatePerSecond: LEGITIMATE_PER_SECOND,
          phases,
        },
        failures: Object.entries(phases).flatMap(([name, phase]) => failuresOf(name, phase)),
      }
    }),
}

function failuresOf(
  name: string,
  { legitimate, attack, kvCommandsOfTheFlood }: FloodPhase,
): readonly string[] {
  const { right, ...wrong } = legitimate.verdicts
  const counts = {
    ...wrong,
    'legitimate without an answer': legitimate.broken,
    'KV commands of the flood': kvCommandsOfTheFlood,
    'forgeries answered otherwise than nobody': attack?.mistaken ?? 0,
    'forgeries without an answer': attack?.broken ?? 0,
  }
  return [...allZero(counts), ...legitimate.complaints].map((failure) => `${name}: ${failure}`)
}

/** Real tokens of the same app with another secret, and the public part of one of ours. */
async function collectMaterial(site: Site): Promise<ForgeryMaterial> {
  const [ours = ''] = await tokensOf(site, LEGITIMATE.slice(0, 1))
  const users = Array.from({ length: 50 }, (_, n) => FORGED[n % FORGED.length] ?? '')
  const foreign = await withSite({ env: ENV }, (other) => tokensOf(other, users))
  return { header: ours.split('.')[0] ?? '', foreign }
}

async function tokensOf({ server }: Site, users: readonly string[]): Promise<readonly string[]> {
  const pool = openPool(server.origin, 4)
  const crowd = gatherCrowd(users, users.length)
  await crowd.arrive(actsOf(pool, keepTally()))
  await pool.close()
  return crowd.visitors.flatMap(({ token }) => token ?? [])
}

interface Flooding {
  readonly perSecond: number
  readonly material: ForgeryMaterial | null
  readonly seconds?: number
}

/** Signs the legitimate visitors in; the result measures how they fare during a flood, or without one. */
async function arrange({ kv, server }: Site, duration: number) {
  const pool = openPool(server.origin, 32)
  const crowd = gatherCrowd(LEGITIMATE, VISITORS)
  await crowd.arrive(actsOf(pool, keepTally()))

  return async (flooding: Flooding | null): Promise<FloodPhase> => {
    const seconds = flooding?.seconds ?? duration
    const before = usageOf(server.pid)
    const tally = keepTally()
    const acts = actsOf(pool, tally)
    await kv.clearJournal()
    const { result: attack, kv: counted } = await countKV(kv, async () => {
      const attacking =
        flooding === null ? null : startAttack({ ...flooding, seconds, origin: server.origin })
      // Starting a process takes the CPU away from everything else for a moment.
      if (attacking !== null) await new Promise((resolve) => setTimeout(resolve, 2_000))
      const until = Date.now() + (seconds - (attacking === null ? 0 : 2)) * 1_000
      await drivePaced(() => crowd.read(acts), { perSecond: LEGITIMATE_PER_SECOND, until })
      return attacking
    })
    const legitimate = tally.summary()
    const ofFlood = (await kv.journal()).filter(({ command }) => !isLegitimate(command)).length
    return {
      legitimate,
      kv: counted,
      kvCommandsOfTheFlood: ofFlood,
      secondAttempts: counted.commands - ofFlood - legitimate.requests - legitimate.broken,
      before,
      after: usageOf(server.pid),
      attack,
      attackPerSecond: attack === null ? 0 : attack.answered / attack.seconds,
    }
  }
}

/** A command names one key, that of a user. */
function isLegitimate(command: readonly string[]): boolean {
  return LEGITIMATE.some((user) => command.includes(`session:${user}`))
}
