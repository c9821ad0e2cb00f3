import { type Aim, aim, elsewhere } from './aim.ts'
import { percent, text } from './markdown.ts'
import { atLeast, none, noneOf, numbers, ratio, sum, within } from './measured.ts'

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
  elsewhere('The same in 1,000 runs, before a change lands', '≥ 30,000', '`.ci/run`'),
  aim('proofs', 'Schedules of each race', '≥ 10,000', (figures) =>
    atLeast(Math.min(...numbers(figures, 'interleavings', 'schedules')), 10_000),
  ),
  aim('proofs', 'Schedules of the cache’s race', '≥ 10,000', (figures) =>
    atLeast(sum(figures, 'cache', 'runs'), 10_000),
  ),
  aim('proofs', 'Cells of the fault table, every one asserted', '≥ 240', (figures) =>
    atLeast(sum(figures, 'fault table', 'cells'), 240),
  ),
  aim('proofs', 'Cells of the fault table that clear a live cookie', '0', (figures) =>
    noneOf(sum(figures, 'fault table', 'clearedLive'), sum(figures, 'fault table', 'live')),
  ),
  aim('proofs', 'Cells in which an ended session answers as active, `staleIfError` aside', '0', (figures) =>
    noneOf(sum(figures, 'fault table', 'deadAsActive'), sum(figures, 'fault table', 'ended')),
  ),
  aim('proofs', 'The same with `staleIfError`, which an app has to ask for', '–', (figures) => {
    const count = sum(figures, 'fault table', 'deadAsActiveByStaleIfError')
    return Number.isFinite(count) ? { measured: text(count), met: null } : null
  }),
  aim('proofs', 'Hostile cookie headers: nobody signed in, 0 KV commands', '≥ 100,000', (figures) =>
    atLeast(sum(figures, 'hostile: cookie headers', 'count'), 100_000),
  ),
  aim('proofs', 'Hostile tokens: nobody signed in, 0 KV commands', '≥ 10,000', (figures) =>
    atLeast(sum(figures, 'hostile: tokens', 'count'), 10_000),
  ),
  aim('proofs', 'KV commands caused by hostile cookie headers and tokens', '0', (figures) =>
    none(sum(figures, 'hostile: cookie headers', 'commands') + sum(figures, 'hostile: tokens', 'commands')),
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
  elsewhere('Hostile targets of redirects: nobody leaves the site', '≥ 60', at('redirects')),
  aim('outside', 'Behind a cache that ignores Vary: answers that reach another user', '0', (figures) =>
    none(sum(figures, 'shared cache', 'crossings')),
  ),
  aim('proofs', 'Tests of the proofs that fail', '0', ({ tests }) => none(tests.failed)),
  aim('outside', 'Tests of the proofs from outside that fail', '0', ({ tests }) => none(tests.failed)),
  aim('mutants', 'Hand-made mutants killed', 'all', ({ killed, mutants }) => ({
    measured: `${killed} of ${mutants}`,
    met: killed === mutants,
  })),
  elsewhere('Branches covered', '≥ 95 %', '`vitest run --coverage` in packages/edge-session'),
  elsewhere('Stryker: mutants killed', '≥ 85 %', '`pnpm stryker` in packages/edge-session'),

  aim('mixed', 'Mixed load: requests a second', '≥ 300', ({ requestsPerSecond }) =>
    atLeast(requestsPerSecond, 300),
  ),
  aim('mixed', 'Mixed load: requests', '≥ 180,000', ({ load }) => atLeast(load.requests, 180_000)),
  aim('mixed', 'Mixed load: p99', '≤ 150 ms', ({ load }) => within(load.latency.p99 || undefined, 150)),
  aim('mixed', 'Mixed load: wrong identities', '0', ({ load }) => none(load.verdicts['wrong-identity'])),
  aim('mixed', 'Mixed load: everything else that is not the right answer', '0', ({ load }) =>
    none(load.requests + load.broken - load.verdicts.right - load.verdicts['wrong-identity']),
  ),
  elsewhere(
    'Throughput against a naive proxy measured in the same run',
    '≥ 85 %',
    '[performance](performance.md)',
  ),
  aim('cost', 'KV reads per authenticated read', '1', ({ readsPerRequest }) => ({
    measured: text(readsPerRequest),
    met: readsPerRequest === 1,
  })),
  aim('cost', 'KV writes per authenticated read', '≤ 0.02', (figures) => ({
    measured: `${text(figures.writesPerRequest)} at ${text(figures.requestsPerVisitorAndMinute)} reads a minute and session`,
    met: figures.writesPerRequest <= 0.02,
  })),
  elsewhere('KV commands of an anonymous visit or a malformed token, path by path', '0', at('kv-budget')),

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
    within(load.kinds.public?.p99 || undefined, 1_600),
  ),
  aim('faults', 'Recovery after the faults end', '≤ 2 s', ({ recovery }) =>
    within(recovery.milliseconds, 2_000),
  ),
  elsewhere('KV attempts of a request under faults', '≤ 2', at('outage')),

  aim('flood', 'Forged tokens a second', '≥ 2,000', ({ phases }) =>
    atLeast(phases.forged.attackPerSecond, 2_000),
  ),
  aim('flood', 'KV commands caused by forgeries', '0', ({ phases }) =>
    none(phases.forged.kvCommandsOfTheFlood + phases.forgedHalf.kvCommandsOfTheFlood),
  ),
  aim('flood', 'KV commands caused by requests without a cookie', '0', ({ phases }) =>
    none(phases.anonymous.kvCommandsOfTheFlood + phases.anonymousHalf.kvCommandsOfTheFlood),
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
  aim('soak', 'Soak: answers not right', '0', ({ requests, wrong }) =>
    noneOf(
      Object.values(wrong).reduce((total, count) => total + count, 0),
      requests,
    ),
  ),
  aim('soak', 'Soak: growth of memory in 10 minutes', '< 1 %', (figures) => ({
    measured: `${figures.rssSlopePercentPerTenMinutes.toFixed(2)} %`,
    met: figures.rssSlopePercentPerTenMinutes < 1,
  })),
  aim('soak', 'Soak: KV keys left behind', '0', ({ keys }) => none(keys.after - keys.before)),
]

/** A test file that measures it. */
function at(test: string): string {
  return `apps/e2e/test/${test}.test.ts`
}
