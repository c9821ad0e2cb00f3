import type { ProofFigures } from '../prove/proofs.ts'
import { milliseconds, percent, text } from './markdown.ts'
import type { PartName, Parts, Results } from './results-of.ts'

/** One aim, and what came of it. */
export interface Aim {
  readonly what: string
  readonly aim: string
  readonly part: PartName
  readonly measure: (results: Results) => Measured | null
}

export interface Measured {
  readonly measured: string
  readonly met: boolean
}

function aim<Name extends PartName>(
  part: Name,
  what: string,
  words: string,
  measure: (figures: Parts[Name]) => Measured | null,
): Aim {
  return {
    part,
    what,
    aim: words,
    measure: (results) => {
      const figures = results.figures(part)
      return figures === null ? null : measure(figures)
    },
  }
}

/** Next.js 16 with either file convention, and 15. */
const VARIANTS = 3

/** In the order of the report. */
export const AIMS: readonly Aim[] = [
  aim('tests', 'Tests of the packages, listed here and run by `npm test`', '≥ 400', (counts) =>
    atLeast((counts['packages/edge-session'] ?? 0) + (counts['packages/local-kv'] ?? 0), 400),
  ),
  aim('tests', 'End-to-end tests, listed here and run by `.ci/run`', '≥ 100', (counts) =>
    atLeast(counts['apps/e2e'] ?? 0, 100),
  ),
  aim('proofs', 'Steps of the model, each compared with the product', '≥ 1,000,000', (figures) =>
    atLeast(sum(figures, 'model', 'steps'), 1_000_000),
  ),
  aim('proofs', 'Schedules of each race', '≥ 10,000', (figures) =>
    atLeast(Math.min(...numbers(figures, 'interleavings', 'schedules')), 10_000),
  ),
  aim('proofs', 'Schedules of the cache’s race', '≥ 10,000', (figures) =>
    atLeast(sum(figures, 'cache', 'runs'), 10_000),
  ),
  aim('proofs', 'Cells of the fault table, every one asserted', '≥ 240', (figures) =>
    atLeast(sum(figures, 'fault table', 'cells'), 240),
  ),
  aim('proofs', 'Hostile cookie headers: nobody signed in, 0 KV commands', '≥ 100,000', (figures) =>
    atLeast(sum(figures, 'hostile: cookie headers', 'count'), 100_000),
  ),
  aim('proofs', 'Hostile tokens: nobody signed in, 0 KV commands', '≥ 10,000', (figures) =>
    atLeast(sum(figures, 'hostile: tokens', 'count'), 10_000),
  ),
  aim(
    'outside',
    'Hostile paths over raw sockets to each of three apps: nothing shown, no error',
    '≥ 5,000',
    (figures) => {
      const paths = numbers(figures, 'raw paths', 'paths')
      return paths.length < VARIANTS ? null : atLeast(Math.min(...paths), 5_000)
    },
  ),
  aim('outside', 'Behind a cache that ignores Vary: answers that reach another user', '0', (figures) =>
    none(sum(figures, 'shared cache', 'crossings')),
  ),
  aim('proofs', 'Tests of the proofs that fail', '0', ({ tests }) => none(tests.failed)),
  aim('outside', 'Tests of the proofs from outside that fail', '0', ({ tests }) => none(tests.failed)),
  aim('mutants', 'Hand-made mutants killed', 'all', ({ killed, mutants }) => ({
    measured: `${killed} of ${mutants}`,
    met: killed === mutants,
  })),

  aim('mixed', 'Mixed load: requests a second', '≥ 300', ({ requestsPerSecond }) =>
    atLeast(requestsPerSecond, 300),
  ),
  aim('mixed', 'Mixed load: requests', '≥ 180,000', ({ load }) => atLeast(load.requests, 180_000)),
  aim('mixed', 'Mixed load: p99', '≤ 150 ms', ({ load }) => within(load.latency.p99, 150)),
  aim('mixed', 'Mixed load: wrong identities', '0', ({ load }) => none(load.verdicts['wrong-identity'])),
  aim('mixed', 'Mixed load: everything else that is not the right answer', '0', ({ load }) =>
    none(load.requests + load.broken - load.verdicts.right - load.verdicts['wrong-identity']),
  ),
  aim('cost', 'KV reads per authenticated read', '1', ({ readsPerRequest }) => ({
    measured: text(readsPerRequest),
    met: readsPerRequest === 1,
  })),
  aim('cost', 'KV writes per authenticated read', '≤ 0.02', (figures) => ({
    measured: `${text(figures.writesPerRequest)} at ${text(figures.requestsPerVisitorAndMinute)} reads a minute and session`,
    met: figures.writesPerRequest <= 0.02,
  })),

  aim('faults', 'Signed out by a fault', '0', ({ never, struck }) => ({
    measured: `${text(never['signed out by a fault'] ?? Number.NaN)} with ${percent(struck)} of KV requests struck`,
    met: never['signed out by a fault'] === 0,
  })),
  aim('faults', 'Wrong identities under faults', '0', ({ never }) =>
    none(never['wrong identity'] ?? Number.NaN),
  ),
  aim(
    'faults',
    'Answers under faults other than the right one, 503, or a public page for nobody',
    '0',
    ({ never, load }) => ({
      measured: `${text((never['unexpected answers'] ?? 0) + (never['no answer'] ?? 0))} of ${text(load.requests)}`,
      met: never['unexpected answers'] === 0 && never['no answer'] === 0,
    }),
  ),
  aim('faults', 'Protected pages under faults: p99', '≤ 2 s', ({ load }) =>
    within(Math.max(load.kinds.dashboard?.p99 ?? Number.NaN, load.kinds.me?.p99 ?? Number.NaN), 2_000),
  ),
  aim('faults', 'Public page under faults: p99', '≤ 1.6 s', ({ load }) =>
    within(load.kinds.public?.p99, 1_600),
  ),
  aim('faults', 'Recovery after the faults end', '≤ 2 s', ({ recovery }) =>
    within(recovery.milliseconds, 2_000),
  ),

  aim('flood', 'Forged tokens a second', '≥ 2,000', ({ phases }) =>
    atLeast(phases.forged.attackPerSecond, 2_000),
  ),
  aim('flood', 'KV commands caused by forgeries', '0', ({ phases }) =>
    none(phases.forged.kvCommandsOfTheFlood + phases.forgedHalf.kvCommandsOfTheFlood),
  ),
  aim('flood', 'Legitimate p99 during the flood, against none', '≤ 2 ×', ({ phases }) =>
    ratio(phases.forged.legitimate.latency.p99, phases.calm.legitimate.latency.p99, 2),
  ),
  aim('flood', 'The same at half that rate', '≤ 2 ×', ({ phases }) =>
    ratio(phases.forgedHalf.legitimate.latency.p99, phases.calm.legitimate.latency.p99, 2),
  ),
  aim('revocation', 'Requests answered after their session was revoked', '0', ({ revocations }) => ({
    measured: `${text(revocations.lostRevocations)} of ${text(revocations.readsAfterwards)}, after ${text(revocations.rounds)} revocations`,
    met: revocations.lostRevocations === 0 && revocations.readsAfterwards > 0,
  })),

  aim('soak', 'Soak: length', '≥ 2 h', ({ minutes }) => ({
    measured: `${text(minutes)} min`,
    met: minutes >= 120,
  })),
  aim('soak', 'Soak: growth of memory in 10 minutes', '< 1 %', (figures) => ({
    measured: `${figures.rssSlopePercentPerTenMinutes.toFixed(2)} %`,
    met: figures.rssSlopePercentPerTenMinutes < 1,
  })),
  aim('soak', 'Soak: KV keys left behind', '0', ({ keys }) => none(keys.after - keys.before)),
]

function numbers({ lines }: ProofFigures, proof: string, name: string): readonly number[] {
  return lines.filter((line) => line.proof === proof).map((line) => Number(line[name]))
}

/** No number where nothing was counted. */
function sum(figures: ProofFigures, proof: string, name: string): number {
  const found = numbers(figures, proof, name)
  return found.length === 0 ? Number.NaN : found.reduce((total, count) => total + count, 0)
}

function atLeast(measured: number, aimed: number): Measured | null {
  return Number.isFinite(measured) ? { measured: text(measured), met: measured >= aimed } : null
}

function within(measured: number | undefined, aimed: number): Measured | null {
  if (measured === undefined || !Number.isFinite(measured)) return null
  return { measured: milliseconds(measured), met: measured <= aimed }
}

function none(count: number): Measured | null {
  return Number.isFinite(count) ? { measured: text(count), met: count === 0 } : null
}

function ratio(measured: number, calm: number, aimed: number): Measured {
  const times = measured / calm
  const words = `${text(times)} × (${milliseconds(measured)}, ${milliseconds(calm)} without)`
  return { measured: words, met: times <= aimed }
}
