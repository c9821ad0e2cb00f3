import { median } from './median.ts'
import { type Contestant, visitorsOf } from './rounds.ts'
import { PAGE } from './targets.ts'
import { get } from './visitor.ts'

/** What a page view takes a visitor who is alone. Milliseconds. */
export interface OneVisitor {
  /** How long KV took to answer. */
  readonly latency: number
  readonly baseline: number
  readonly ours: number
}

const WARM_UP = 10
const VIEWS = 60

/** One page view of each in turn. */
export async function measureOneVisitor(
  { baseline, ours }: { baseline: Contestant; ours: Contestant },
  { latency }: { latency: number },
): Promise<OneVisitor> {
  const [first, second] = [await views(baseline), await views(ours)]
  await ours.kv.delay(latency)
  const times: { baseline: number; ours: number }[] = []
  for (let view = 0; view < WARM_UP + VIEWS; view += 1)
    times.push({ baseline: await first(), ours: await second() })
  await ours.kv.delay(0)
  const counted = times.slice(WARM_UP)
  return {
    latency,
    baseline: median(counted.map((time) => time.baseline)),
    ours: median(counted.map((time) => time.ours)),
  }
}

async function views(contestant: Contestant): Promise<() => Promise<number>> {
  const [visitor] = await visitorsOf(contestant)
  return async () => {
    const started = performance.now()
    const response = await get(contestant.site.origin + PAGE.path, { cookie: visitor?.cookie ?? null })
    await response.text()
    if (response.status !== 200) throw new Error(`${contestant.variant.id} answers ${response.status}.`)
    return performance.now() - started
  }
}
