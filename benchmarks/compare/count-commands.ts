import { difference, type KV, type KVCounts } from './kv.ts'
import { median } from './median.ts'
import type { Target } from './targets.ts'
import { get, signIn } from './visitor.ts'

const WARM_UP = 5
const VIEWS = 20
/** For what goes on after an answer. */
const SETTLE = 10

/** What one request of a signed-in visitor asks of KV in steady state: the median of 20, one after the other. */
export async function countCommands(app: { origin: string; kv: KV; target: Target }): Promise<KVCounts> {
  const { origin, kv, target } = app
  const { cookie } = await signIn(origin)
  const counts: KVCounts[] = []
  for (let view = 0; view < WARM_UP + VIEWS; view += 1) {
    const before = await kv.stats()
    const response = await get(origin + target.path, { cookie })
    await response.text()
    await new Promise((resolve) => setTimeout(resolve, SETTLE))
    if (view >= WARM_UP) counts.push(difference(await kv.stats(), before))
  }
  return {
    requests: median(counts.map(({ requests }) => requests)),
    commands: median(counts.map(({ commands }) => commands)),
  }
}
