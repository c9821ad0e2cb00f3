import autocannon from 'autocannon'
import { percentile } from '../scale/percentile.ts'
import { cpuTime } from './cpu-time.ts'
import { difference, type KV } from './kv.ts'
import type { Site } from './site.ts'
import type { Target } from './targets.ts'
import type { Variant } from './variants.ts'
import type { Visitor } from './visitor.ts'

export interface Load {
  readonly target: Target
  readonly connections: number
  readonly until: { readonly seconds: number } | { readonly requests: number }
  /** Requests per second. Default: as many as are answered. */
  readonly pace?: number
}

/** What one variant did in one cell of one round. */
export interface Sample {
  readonly requestsPerSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Milliseconds of the server's processor time per request. */
  readonly cpu: number | null
  /** Milliseconds of the KV's processor time per second, so 1000 is a whole core. */
  readonly kvCpu: number | null
  readonly kvRequests: number
  readonly kvCommands: number
}

interface Running {
  readonly variant: Variant
  readonly site: Site
  readonly kv: KV
  readonly visitors: readonly Visitor[]
}

/**
 * Only a sample without a failure counts.
 * @throws if a single answer is for somebody else.
 */
export async function load(running: Running, options: Load): Promise<Sample> {
  // On a machine that is busy with other things there may be no answer in time, or one that KV was too slow.
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const sample = await loadOnce(running, { ...options, until: longer(options.until, 2 ** attempt) })
    if (sample !== null) return sample
  }
  throw new Error(
    `${options.target.path} of ${running.variant.id} fails again and again:\n${running.site.output()}`,
  )
}

/** `null` if there was no answer in time, or one that failed. */
async function loadOnce({ variant, site, kv, visitors }: Running, options: Load): Promise<Sample | null> {
  const { target, connections, until, pace } = options
  let failed = 0
  let wrong = 0
  const times: number[] = []
  const requests = visitors.map(({ userId, cookie }) => ({
    path: target.path,
    headers: { cookie },
    onResponse(status: number, body: string) {
      if (status >= 500) failed += 1
      else if (status !== 200 || !target.isFor(userId, body)) wrong += 1
    },
  }))
  const before = await Promise.all([cpuTime(site.pid), cpuTime(kv.pid), kv.stats()])
  const started = performance.now()
  const { errors } = await new Promise<autocannon.Result>((resolve, reject) => {
    const settled = (error: unknown, result: autocannon.Result) => (error ? reject(error) : resolve(result))
    const end = 'seconds' in until ? { duration: until.seconds } : { amount: until.requests }
    const evenly = pace === undefined ? {} : { overallRate: pace }
    const settings = { url: site.origin, connections, ...end, ...evenly, sampleInt: 100, requests }
    autocannon(settings, settled).on('response', (_client, _status, _bytes, time) => times.push(time))
  })
  const elapsed = performance.now() - started
  const after = await Promise.all([cpuTime(site.pid), cpuTime(kv.pid), kv.stats()])
  if (wrong > 0) throw new Error(`${target.path} of ${variant.id}: ${wrong} wrong answers of ${times.length}`)
  if (failed + errors > 0 || times.length === 0) return null
  const asked = difference(after[2], before[2])
  return {
    requestsPerSecond: (times.length / elapsed) * 1_000,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    cpu: per(times.length, before[0], after[0]),
    kvCpu: per(elapsed / 1_000, before[1], after[1]),
    kvRequests: asked.requests / times.length,
    kvCommands: asked.commands / times.length,
  }
}

function longer(until: Load['until'], times: number): Load['until'] {
  return 'seconds' in until ? { seconds: until.seconds * times } : until
}

function per(count: number, before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : (after - before) / count
}
