// The flood, in a process of its own, so that it does not slow down who measures. Started by flood.ts with fork().
import { openPool } from '../http-pool.ts'
import { measureLatency } from '../latency.ts'
import { type ForgeryMaterial, forge } from './forgeries.ts'

/** What the attacker is told. */
export interface Attack {
  readonly origin: string
  readonly perSecond: number
  readonly seconds: number
  /** `null`: the same requests without a cookie. */
  readonly material: ForgeryMaterial | null
}

/** What it says when it is done. */
export interface AttackReport {
  readonly sent: number
  readonly answered: number
  readonly seconds: number
  readonly statuses: Readonly<Record<string, number>>
  /** Answers that are not those for somebody who is not signed in. */
  readonly mistaken: number
  readonly broken: number
  readonly p99: number
}

const PATHS = ['/dashboard', '/api/me'] as const
const EXPECTED: Readonly<Record<string, number>> = { '/dashboard': 307, '/api/me': 401 }
/** More are not under way at once: a server that does not keep up gets as many as it answers. */
const AT_ONCE = 64
const TICK_MS = 5

process.once('message', (attack: Attack) => {
  flood(attack).then((report) => {
    process.send?.(report)
    process.disconnect()
  })
})

async function flood({ origin, perSecond, seconds, material }: Attack): Promise<AttackReport> {
  const pool = openPool(origin, AT_ONCE)
  const next = material === null ? null : forge(material)
  const latency = measureLatency()
  const statuses: Record<string, number> = {}
  let [sent, answered, mistaken, broken, underWay] = [0, 0, 0, 0, 0]

  async function ask(path: (typeof PATHS)[number]): Promise<void> {
    underWay += 1
    try {
      const { status, milliseconds } = await pool.send({ path, token: next?.() ?? null })
      latency.record(milliseconds)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status !== EXPECTED[path]) mistaken += 1
      answered += 1
    } catch {
      broken += 1
    } finally {
      underWay -= 1
    }
  }

  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1_000
  let owed = 0
  for (let last = elapsed(); last < seconds; ) {
    const now = elapsed()
    // What could not be sent in time is not sent later.
    owed = Math.min(owed + (now - last) * perSecond, AT_ONCE)
    last = now
    for (; owed >= 1 && underWay < AT_ONCE; owed -= 1) {
      sent += 1
      void ask(PATHS[sent % PATHS.length] ?? '/dashboard')
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  const took = elapsed()
  await pool.close()
  return { sent, answered, seconds: took, statuses, mistaken, broken, p99: latency.summary().p99 }
}
