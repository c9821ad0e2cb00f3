import type { KV } from './kv.ts'
import { median } from './median.ts'
import { startSite } from './site.ts'
import { API } from './targets.ts'
import type { Variant } from './variants.ts'
import { get, revoke, signIn } from './visitor.ts'

/** How long another server went on to believe a session that was ended. */
export interface MeasuredLag {
  /** Seconds from the answer to the revocation until the first refusal, `null` if there was none. */
  readonly seconds: { readonly median: number; readonly longest: number } | null
  /** How often it was measured. */
  readonly times: number
  /** What the library was configured to for this measurement. */
  readonly configured: Variant['lag']
  /** Seconds after which nobody waited any longer for a refusal. */
  readonly watched: number
}

export interface LagOptions {
  readonly times: number
  /** Seconds to watch a session for that is not expected ever to be refused. */
  readonly watch: number
}

/** One server ends the session, by its library's own API; another one, on the same KV, is asked until it refuses. */
export async function measureLag(variant: Variant, kv: KV, options: LagOptions): Promise<MeasuredLag> {
  const env = { ...kv.env, ...variant.lagEnv }
  const configured =
    'COOKIE_CACHE_SECONDS' in variant.lagEnv ? Number(variant.lagEnv.COOKIE_CACHE_SECONDS) : variant.lag
  const watched = typeof configured === 'number' ? configured * 2 + 5 : options.watch
  const times = configured === 'never' || Number(configured) > 10 ? 1 : options.times
  const [one, other] = await Promise.all([startSite(variant, { env }), startSite(variant, { env })])
  try {
    const lags: (number | null)[] = []
    for (let time = 0; time < times; time += 1) lags.push(await lagOf(one.origin, other.origin, watched))
    const seconds = lags.filter((lag) => lag !== null)
    const refused = seconds.length === lags.length
    return {
      seconds: refused ? { median: median(seconds), longest: Math.max(...seconds) } : null,
      times,
      configured,
      watched,
    }
  } finally {
    await Promise.all([one.stop(), other.stop()])
  }
}

async function lagOf(one: string, other: string, watched: number): Promise<number | null> {
  const visitor = await signIn(one)
  // The other one has seen the session by then, and remembers what it remembers.
  for (let request = 0; request < 10; request += 1) {
    if (!(await believes(other, visitor.cookie))) throw new Error(`${other} refuses a session that is alive.`)
  }
  await revoke(one, visitor)
  const revoked = performance.now()
  while (performance.now() - revoked < watched * 1_000) {
    if (!(await believes(other, visitor.cookie))) return (performance.now() - revoked) / 1_000
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return null
}

/** An answer that failed says nothing about the session. */
async function believes(origin: string, cookie: string): Promise<boolean> {
  const response = await get(origin + API.path, { cookie })
  await response.text()
  return response.status !== 401
}
