import { cpus, loadavg } from 'node:os'
import { runMicro } from '../micro/run-micro.ts'
import { describeSurroundings } from '../scale/surroundings.ts'
import { atMost } from './at-most.ts'
import { buildVariants } from './build-variant.ts'
import { bundleSize, ownProxySize } from './bundle-size.ts'
import type { CommandLine } from './command-line.ts'
import { countCommands } from './count-commands.ts'
import { type KV, type KVCounts, startKV } from './kv.ts'
import { measureOneVisitor } from './one-visitor.ts'
import { countAtPace } from './pace.ts'
import { publish, saveLocally } from './publish.ts'
import { printResults } from './result-tables.ts'
import { type MeasuredLag, measureLag } from './revocation.ts'
import { type Contestant, compareToBaseline, runRounds, type Samples } from './rounds.ts'
import type { RunResults, VariantResults } from './run-results.ts'
import { type Site, startSite } from './site.ts'
import { API, PAGE } from './targets.ts'
import { BASELINE, type Variant } from './variants.ts'
import { verify } from './verify.ts'
import { describeVersions } from './versions.ts'

/** Everything there is to measure, one thing after the other, and the results where they belong. */
export async function bench(commandLine: CommandLine, redis: string): Promise<void> {
  const { variants, cells, rounds, seconds, warmUp } = commandLine
  const progress = createProgress()
  const [loadBefore = 0] = loadavg()
  await buildVariants(variants)
  progress(`${variants.length} variants are built`)

  const runs = await atMost(4, variants, (variant, index) => startRun(variant, `${redis}/${index}`))
  try {
    const lags = await measureLags(runs, commandLine)
    progress('revocations are measured')

    const running = await atMost(4, runs, async (run) => ({
      ...run,
      site: await startSite(run.variant, run.kv),
    }))
    const counts = await countAll(running)
    progress('every variant shows each visitor as themselves and refuses others; commands are counted')

    const samples = await runRounds(running, { cells, rounds, seconds, warmUp })
    progress('load is measured')
    const special = await measureSpecial(running)
    await Promise.all(running.map(({ site }) => site.stop()))
    progress('one visitor alone and an even pace are measured')

    const micro = await runMicro({ redis: `${redis}/${variants.length}`, repetitions: rounds })
    const results: RunResults = {
      surroundings: await describeSurroundings(),
      versions: await describeVersions(),
      loadBefore,
      cores: cpus().length,
      rounds,
      secondsPerCell: seconds,
      cells,
      variants: await Promise.all(variants.map((variant) => describe(variant, { lags, counts, samples }))),
      micro,
      ...special,
      ownProxySize: await ownProxySize(),
    }
    console.log(printResults(results))
    await saveLocally(results)
    if (commandLine.publish) await publish(results)
    progress(commandLine.publish ? 'published' : 'done; nothing is published')
  } finally {
    await Promise.all(runs.map(({ kv }) => kv.stop()))
  }
}

interface Run {
  readonly variant: Variant
  readonly kv: KV
}

async function startRun(variant: Variant, redis: string): Promise<Run> {
  return { variant, kv: await startKV(redis) }
}

async function measureLags(
  runs: readonly Run[],
  { watch }: CommandLine,
): Promise<ReadonlyMap<Variant, MeasuredLag>> {
  const measured = runs.filter(({ variant }) => variant.lag !== null && !('REACT_CACHE' in variant.env))
  const lags = await atMost(4, measured, ({ variant, kv }) => measureLag(variant, kv, { times: 5, watch }))
  return new Map(measured.map(({ variant }, index) => [variant, lags[index] as MeasuredLag]))
}

type Counts = ReadonlyMap<Variant, { readonly perPage: KVCounts; readonly perApiCall: KVCounts }>

async function countAll(running: readonly (Run & { site: Site })[]): Promise<Counts> {
  const counts = await atMost(4, running, async ({ variant, kv, site }) => {
    const { origin } = site
    await verify(variant, origin)
    const perPage = await countCommands({ origin, kv, target: PAGE })
    const perApiCall = await countCommands({ origin, kv, target: API })
    return [variant, { perPage, perApiCall }] as const
  })
  return new Map(counts)
}

async function measureSpecial(
  running: readonly Contestant[],
): Promise<Pick<RunResults, 'oneVisitor' | 'paced'>> {
  const find = (wanted: string) => running.find(({ variant }) => variant.id === wanted)
  const [baseline, strict, cached] = [find(BASELINE), find('strict'), find('cached')]
  return {
    oneVisitor:
      baseline === undefined || strict === undefined
        ? null
        : await measureOneVisitor({ baseline, ours: strict }, { latency: 20 }),
    paced: cached === undefined ? null : await countAtPace(cached),
  }
}

async function describe(
  variant: Variant,
  measured: { lags: ReadonlyMap<Variant, MeasuredLag>; counts: Counts; samples: Samples },
): Promise<VariantResults> {
  const { id, title, convention, ours, floor, lag } = variant
  const counted = measured.counts.get(variant)
  if (counted === undefined) throw new Error(`${id} was not counted.`)
  return {
    ...{ id, title, convention, ours, floor, lag },
    ...counted,
    measuredLag: measured.lags.get(variant) ?? null,
    proxySize: await bundleSize(variant),
    cells: compareToBaseline(measured.samples, id),
  }
}

function createProgress(): (text: string) => void {
  const started = Date.now()
  return (text) => {
    const seconds = Math.round((Date.now() - started) / 1_000)
    console.log(`[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${text}`)
  }
}
