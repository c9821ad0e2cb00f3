import { AIMS } from './aims.ts'
import { detailsOf } from './details.ts'
import { duration, table } from './markdown.ts'
import { PART_NAMES, type Results, resultsOf } from './results-of.ts'

/** docs/reliability.md, of nothing but what the parts have written. */
export function writeReport(directory: string): string {
  const results = resultsOf(directory)
  const blocks = [
    '# Reliability',
    'Written by `npx pnpm@10.34.9 prove`, of what it counted and timed; change the command, not this page.',
    ...machines(results),
    '## Aims',
    aims(results),
    'Not part of this command: coverage and Stryker (packages/edge-session), comparison with other session layers (benchmarks), at most two KV attempts per request (apps/e2e/test/outage.test.ts).',
    ...failures(results),
    ...detailsOf(results),
    REPEAT,
  ]
  return `${blocks.join('\n\n')}\n`
}

function aims(results: Results): string {
  return table(
    ['', 'aim', 'measured', 'met'],
    AIMS.map(({ what, aim, measure, part }) => {
      const outcome = measure(results)
      if (outcome === null) return [what, aim, results.result(part) === null ? 'not run' : 'no figure', '–']
      return [what, aim, outcome.measured, outcome.met ? 'yes' : '**no**']
    }),
  )
}

/** What was run when, where and for how long; parts may come from different runs. */
function machines(results: Results): readonly string[] {
  const ran = PART_NAMES.flatMap((name) => results.result(name) ?? [])
  const machines = new Set(
    ran.map(
      ({ machine: { cpu, cores, memoryGiB, node, next, redis } }) =>
        `${cpu}, ${cores} cores, ${memoryGiB} GiB; Node ${node}, Next.js ${next}, Redis ${redis}.`,
    ),
  )
  const rows = PART_NAMES.map((name) => {
    const result = results.result(name)
    if (result === null) return [name, 'not run']
    const { date, commit, seconds, failures, machine } = result
    const outcome = failures.length === 0 ? 'ok' : '**failed**'
    return [
      name,
      `${date.slice(0, 16).replace('T', ' ')}`,
      commit,
      duration(seconds),
      machine.loadBefore,
      outcome,
    ]
  })
  const head = ['part', 'date (UTC)', 'commit', 'took', 'load before', 'result']
  return [
    [...machines].join('\n\n'),
    'The load before is what the machine was busy with in the minute before a part began: above 0.5 or so, times are those of a machine that does other work as well.',
    table(head, rows),
  ].filter((block) => block !== '')
}

function failures(results: Results): readonly string[] {
  const failed = PART_NAMES.flatMap((name) =>
    (results.result(name)?.failures ?? []).map((failure) => `${name}: ${failure}`),
  )
  if (failed.length === 0) return []
  const lines = failed.flatMap((failure) => failure.split('\n')).map((line) => line.replaceAll('```', "'''"))
  return ['## What failed', ['```text', ...lines.slice(0, 100), '```'].join('\n')]
}

const REPEAT = `## Repeat it

Linux with \`redis-server\` on the PATH.

\`\`\`sh
npx pnpm@10.34.9 install
npx pnpm@10.34.9 prove                          # everything but the soak, about an hour
npx pnpm@10.34.9 prove --only load --minutes 1  # a short try of one step
npx pnpm@10.34.9 soak                           # two hours
\`\`\``
