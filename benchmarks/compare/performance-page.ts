import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../scale/repository.ts'
import { aims } from './aims.ts'
import { CELLS, MAIN_CELL } from './cells.ts'
import { median } from './median.ts'
import {
  callsTable,
  commandsTable,
  latencyTable,
  pagesTable,
  revocationTable,
  sizeTable,
  stepsTable,
} from './result-tables.ts'
import type { RunResults, VariantResults } from './run-results.ts'
import { BASELINE } from './variants.ts'

const PAGE = join(ROOT, 'docs/performance.md')

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->` of docs/performance.md. */
export async function writePage(results: RunResults): Promise<void> {
  const sections: Readonly<Record<string, string>> = {
    winners: winners(results),
    surroundings: surroundings(results),
    aims: aims(results),
    pages: pagesTable(results),
    latency: latencyTable(results),
    calls: callsTable(results),
    commands: commandsTable(results),
    revocation: revocationTable(results),
    size: sizeTable(results),
    steps: stepsTable(results.micro),
  }
  let page = await readFile(PAGE, 'utf8')
  for (const [name, text] of Object.entries(sections)) page = replaceSection(page, { name, text })
  await writeFile(PAGE, page)
}

function replaceSection(page: string, { name, text }: { name: string; text: string }): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [start, end] = [page.indexOf(open), page.indexOf(close)]
  if (start === -1 || end < start) throw new Error(`${PAGE} has no section "${name}".`)
  return `${page.slice(0, start + open.length)}\n\n${text.trim()}\n\n${page.slice(end)}`
}

/** By how soon a session can be ended, as only like can be compared with like. Fastest first. */
function winners({ variants }: RunResults): string {
  const groups: readonly (readonly [string, (lag: VariantResults['lag']) => boolean])[] = [
    ['Sessions that can be ended at once', (lag) => lag === 0],
    ['Sessions that can be ended with a delay', (lag) => typeof lag === 'number' && lag > 0],
    ['Sessions that can not be ended', (lag) => lag === 'never'],
  ]
  const cell = CELLS.find(({ id }) => id === MAIN_CELL)
  const lines = groups.map(([title, belongs]) => {
    const group = variants
      .filter(({ convention, floor, lag }) => convention === 'proxy.ts' && !floor && belongs(lag))
      .filter(({ cells }) => cells[MAIN_CELL] !== undefined)
      .sort((a, b) => speedOf(b) - speedOf(a))
    return `- **${title}:** ${group.map(describeWinner).join('; ')}.`
  })
  const conditions = `KV answering after ${cell?.latency} ms and ${cell?.connections} requests at once`
  const picture = '![Page views per second by KV commands per page view](images/performance.svg)'
  return `${picture}\n\nPage views per second, in \`proxy.ts\`, with ${conditions}; a trivial proxy is 1.\n\n${lines.join('\n')}`
}

function describeWinner(variant: VariantResults): string {
  const delay = typeof variant.lag === 'number' && variant.lag > 0 ? ` (within ${variant.lag} s)` : ''
  return `${variant.title} ${speedOf(variant).toFixed(2)}${delay}`
}

function speedOf({ cells }: VariantResults): number {
  return cells[MAIN_CELL]?.requestsPerSecond.median ?? 0
}

function surroundings(results: RunResults): string {
  const { surroundings: where, versions, rounds, secondsPerCell, loadBefore, cores } = results
  const busy = `**The machine was busy with other work** (${loadBefore.toFixed(1)} processes for ${cores} cores): these ratios are rough.`
  const base = results.variants.find(({ id }) => id === BASELINE)?.cells[MAIN_CELL]?.samples ?? []
  const speed = Math.round(median(base.map(({ requestsPerSecond }) => requestsPerSecond)))
  const listed = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `Measured on ${where.date} at commit ${where.commit}, ${where.machine}: ${rounds} rounds of ${secondsPerCell} s for each figure.`,
    `With KV answering after 5 ms and 10 requests at once, the trivial proxy let ${speed} page views per second through.`,
    ...(loadBefore > cores / 2 ? [busy] : []),
    `Versions: ${listed.join(', ')}.`,
    'The figures of every round: [benchmarks/results/performance.json](../benchmarks/results/performance.json).',
  ].join('\n')
}
