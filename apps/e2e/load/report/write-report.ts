import type { PartResult } from '../results.ts'
import { AIMS } from './aims.ts'
import { detailsOf } from './details.ts'
import { duration, table } from './markdown.ts'
import { machineOf, minuteOf, originOf } from './origin.ts'
import { PART_NAMES, type Results, resultsOf } from './results-of.ts'

/** docs/reliability.md, of nothing but what the parts have written. */
export function writeReport(directory: string, lastSoak: PartResult | null): string {
  const results = resultsOf(directory, lastSoak)
  const blocks = [
    '# Reliability',
    'Written by `npx pnpm@10.34.9 prove`, of what it counted and timed; change the command, not this page.',
    ...parts(results),
    '## Aims',
    aims(results),
    ...failures(results),
    ...detailsOf(results),
    REPEAT,
  ]
  return `${blocks.join('\n\n')}\n`
}

function aims(results: Results): string {
  return table(
    ['', 'aim', 'measured', 'met'],
    AIMS.map(({ what, aim, outcome }) => {
      const { measured, met } = outcome(results)
      return [what, aim, measured, met === null ? '–' : met ? 'yes' : '**no**']
    }),
  )
}

/** What was run when, where and for how long; parts may come from different runs. */
function parts(results: Results): readonly string[] {
  const rows = PART_NAMES.map((name) => {
    const result = results.result(name)
    if (result === null) return [name, 'not run']
    const { commit, seconds, failures, machine } = result
    const outcome = failures.length === 0 ? 'ok' : '**failed**'
    return [name, minuteOf(result), commit, duration(seconds), machine.loadBefore, outcome]
  })
  const machine = machineOf(results)
  const apart = PART_NAMES.flatMap((name) => {
    const origin = originOf(results, name)
    return origin === null ? [] : `- ${name}: ${origin}`
  })
  return [
    machine === null ? '' : `${machine}.`,
    'The load before is what the machine was busy with in the minute before a part began: above 0.5 or so, times are those of a machine that does other work as well.',
    table(['part', 'date (UTC)', 'commit', 'took', 'load before', 'result'], rows),
    apart.length === 0 ? '' : ['Measured apart from the rest:', apart.join('\n')].join('\n\n'),
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
npx pnpm@10.34.9 soak                           # two hours; kept in apps/e2e/load/last-soak.json
\`\`\``
