import { type Cell, targetOf } from './cells.ts'
import type { KV } from './kv.ts'
import { load, type Sample } from './load.ts'
import { median } from './median.ts'
import type { CellResults, Ratio } from './run-results.ts'
import type { Site } from './site.ts'
import { PAGE } from './targets.ts'
import { BASELINE, type Variant } from './variants.ts'
import { get, signIn, type Visitor } from './visitor.ts'

export interface Contestant {
  readonly variant: Variant
  readonly site: Site
  readonly kv: KV
}

export interface RoundsOptions {
  readonly cells: readonly Cell[]
  readonly rounds: number
  readonly seconds: number
  /** Requests for each target before the first round. */
  readonly warmUp: number
}

/** By variant, then by cell, one sample for each round. */
export type Samples = ReadonlyMap<string, ReadonlyMap<string, readonly Sample[]>>

const VISITORS = 20
/** So many variants between two loads of the trivial proxy: everything is divided by it, so it must not be off. */
const BETWEEN_BASELINES = 4
/** Seconds of load before those that count, as nothing is warm after the turns of all the others. */
const LEAD_IN = 0.3

/**
 * In every round each cell loads one variant after the other, so what disturbs the machine for some seconds disturbs a
 * ratio and not a variant. Each round begins with another variant.
 */
export async function runRounds(
  contestants: readonly Contestant[],
  options: RoundsOptions,
): Promise<Samples> {
  const { cells, rounds, seconds } = options
  const samples = new Map(contestants.map(({ variant }) => [variant.id, new Map<string, Sample[]>()]))
  for (const contestant of contestants) await warmUp(contestant, options)
  for (let round = 0; round < rounds; round += 1) {
    const order = rotated(contestants, Math.round((round * contestants.length) / rounds))
    // Anew in every round: some keep what they know in cookies that last five minutes.
    const visitors = new Map<Contestant, readonly Visitor[]>()
    for (const contestant of order) visitors.set(contestant, await visitorsOf(contestant))
    for (const cell of cells) {
      await Promise.all(order.map(({ kv }) => kv.delay(cell.latency)))
      const inRound = new Map<string, Sample[]>()
      for (const contestant of withBaselineBetween(order)) {
        const run = { ...contestant, visitors: visitors.get(contestant) ?? [] }
        const what = { ...cell, target: targetOf(cell) }
        await load(run, { ...what, until: { seconds: LEAD_IN } })
        const sample = await load(run, { ...what, until: { seconds } })
        const { id } = contestant.variant
        inRound.set(id, [...(inRound.get(id) ?? []), sample])
      }
      for (const [id, taken] of inRound) {
        const byCell = samples.get(id)
        byCell?.set(cell.id, [...(byCell.get(cell.id) ?? []), averageOf(taken)])
      }
    }
    await Promise.all(order.map(({ kv }) => kv.delay(0)))
    console.log(`round ${round + 1} of ${rounds}`)
  }
  return samples
}

function withBaselineBetween(order: readonly Contestant[]): readonly Contestant[] {
  const baseline = order.find(({ variant }) => variant.id === BASELINE)
  return order
    .filter((contestant) => contestant !== baseline)
    .flatMap((contestant, index) =>
      index % BETWEEN_BASELINES === 0 && baseline !== undefined ? [baseline, contestant] : [contestant],
    )
}

function averageOf(samples: readonly Sample[]): Sample {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const meanOrNull = (of: (sample: Sample) => number | null) =>
    samples.some((sample) => of(sample) === null) ? null : mean((sample) => Number(of(sample)))
  return {
    requestsPerSecond: mean(({ requestsPerSecond }) => requestsPerSecond),
    p50: mean(({ p50 }) => p50),
    p99: mean(({ p99 }) => p99),
    cpu: meanOrNull(({ cpu }) => cpu),
    kvCpu: meanOrNull(({ kvCpu }) => kvCpu),
    kvRequests: mean(({ kvRequests }) => kvRequests),
    kvCommands: mean(({ kvCommands }) => kvCommands),
  }
}

/**
 * Until V8 has compiled what is hot. This alone does not make up for the trivial proxy being loaded more often than the
 * others: docs/performance.md says what that does to the ratios.
 */
async function warmUp(contestant: Contestant, { cells, warmUp: requests }: RoundsOptions): Promise<void> {
  const run = { ...contestant, visitors: await visitorsOf(contestant) }
  const until = { requests }
  for (const target of new Set(cells.map(targetOf))) await load(run, { target, connections: 10, until })
}

/** Each has seen the page once, so that what is loaded is the steady state. */
export async function visitorsOf({ site }: Contestant): Promise<readonly Visitor[]> {
  const visitors: Visitor[] = []
  while (visitors.length < VISITORS) {
    const visitor = await signIn(site.origin)
    await (await get(site.origin + PAGE.path, visitor)).text()
    visitors.push(visitor)
  }
  return visitors
}

/** Ratios to the trivial proxy of the same round and cell. */
export function compareToBaseline(samples: Samples, id: string): Readonly<Record<string, CellResults>> {
  const own = samples.get(id) ?? new Map<string, readonly Sample[]>()
  return Object.fromEntries(
    [...own].map(([cell, mine]) => {
      const base = samples.get(BASELINE)?.get(cell) ?? []
      const ratio = (of: (sample: Sample) => number | null) => ratioOf(mine.map(of), base.map(of))
      const results: CellResults = {
        requestsPerSecond: ratio(({ requestsPerSecond }) => requestsPerSecond),
        p50: ratio(({ p50 }) => p50),
        p99: ratio(({ p99 }) => p99),
        cpu: mine.some(({ cpu }) => cpu === null) ? null : ratio(({ cpu }) => cpu),
        samples: mine,
      }
      return [cell, results]
    }),
  )
}

function ratioOf(mine: readonly (number | null)[], base: readonly (number | null)[]): Ratio {
  const ratios = mine.map((value, round) => Number(value) / Number(base[round]))
  return { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) }
}

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  return [...items.slice(by), ...items.slice(0, by)]
}
