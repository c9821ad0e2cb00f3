import type { MicroResult } from '../micro/run-micro.ts'
import { markdownTable } from '../scale/repository.ts'
import type { Cell } from './cells.ts'
import type { KVCounts } from './kv.ts'
import type { Ratio, RunResults, VariantResults } from './run-results.ts'

/** All tables of a run, as Markdown, which is readable in a terminal as well. */
export function printResults(results: RunResults): string {
  return [
    ['Page views', pagesTable(results)],
    ['API calls, and the proxy alone', callsTable(results)],
    ['Latency', latencyTable(results)],
    ['KV', commandsTable(results)],
    ['Revocation', revocationTable(results)],
    ['Size', sizeTable(results)],
    ['Steps', stepsTable(results.micro)],
  ]
    .map(([title, table]) => `${title}\n\n${table}`)
    .join('\n\n')
}

/** Requests per second of the page. */
export function pagesTable(results: RunResults): string {
  const cells = results.cells.filter(({ target }) => target === 'page')
  return markdownTable([
    ['', 'runs in', 'KV commands', ...cells.map(describeCell)],
    ...results.variants.map((variant) => [
      variant.title,
      runtimeOf(variant),
      String(variant.perPage.commands),
      ...cells.map(({ id }) => ratio(variant.cells[id]?.requestsPerSecond)),
    ]),
  ])
}

/** Requests per second and processor time where the page has no part in it. */
export function callsTable(results: RunResults): string {
  const api = results.cells.find(({ target }) => target === 'api')
  const ping = results.cells.find(({ target }) => target === 'ping')
  if (api === undefined || ping === undefined) return ''
  return markdownTable([
    ['', 'runs in', 'API calls per second', 'their p99', 'processor time, proxy alone'],
    ...results.variants.map((variant) => [
      variant.title,
      runtimeOf(variant),
      ratio(variant.cells[api.id]?.requestsPerSecond),
      ratio(variant.cells[api.id]?.p99),
      ratio(variant.cells[ping.id]?.cpu),
    ]),
  ])
}

/** p50 and p99 of the page, where KV takes some time. */
export function latencyTable(results: RunResults): string {
  const cells = results.cells.filter(({ target, latency }) => target === 'page' && latency === 5)
  return markdownTable([
    ['', 'runs in', ...cells.flatMap((cell) => [`p50, ${describeCell(cell)}`, `p99, ${describeCell(cell)}`])],
    ...results.variants.map((variant) => [
      variant.title,
      runtimeOf(variant),
      ...cells.flatMap(({ id }) => [ratio(variant.cells[id]?.p50), ratio(variant.cells[id]?.p99)]),
    ]),
  ])
}

/** Commands, and in how many round trips. */
export function commandsTable({ variants }: RunResults): string {
  return markdownTable([
    ['', 'runs in', 'per page view', 'per API call'],
    ...variants
      .filter(({ floor }) => !floor)
      .map((variant) => [
        variant.title,
        runtimeOf(variant),
        commands(variant.perPage),
        commands(variant.perApiCall),
      ]),
  ])
}

/** How long an ended session was believed by another server. */
export function revocationTable({ variants }: RunResults): string {
  return markdownTable([
    ['', 'runs in', 'as configured', 'measured'],
    ...variants.flatMap((variant) =>
      variant.measuredLag === null
        ? []
        : [[variant.title, runtimeOf(variant), configuredLag(variant), measuredLag(variant)]],
    ),
  ])
}

export function sizeTable({ variants }: RunResults): string {
  return markdownTable([
    ['', 'runs in', 'kB, gzip'],
    ...variants.flatMap((variant) =>
      variant.proxySize === null || variant.floor || variant.title.includes('React cache()')
        ? []
        : [[variant.title, runtimeOf(variant), (variant.proxySize / 1_000).toFixed(1)]],
    ),
  ])
}

export function stepsTable(micro: readonly MicroResult[]): string {
  return markdownTable([
    ['', 'times as long as', 'ratio', 'µs'],
    ...micro.map(({ name, floor, ratio: measured, microseconds }) => [
      name,
      floor,
      ratio(measured),
      microseconds.toFixed(microseconds < 10 ? 1 : 0),
    ]),
  ])
}

function runtimeOf({ convention }: VariantResults): string {
  return convention ?? '–'
}

function describeCell({ connections, latency }: Cell): string {
  return `${latency} ms, ${connections} at once`
}

/** The median, and between what the rounds lay. */
function ratio(value: Ratio | null | undefined): string {
  if (value === null || value === undefined) return '–'
  const [median, lowest, highest] = [value.median, value.lowest, value.highest].map((number) =>
    number.toFixed(2),
  )
  return lowest === highest ? String(median) : `${median} (${lowest}–${highest})`
}

function commands({ requests, commands: sent }: KVCounts): string {
  return requests === sent ? String(sent) : `${sent} in ${requests}`
}

function configuredLag({ lag }: VariantResults): string {
  if (lag === 'never') return 'can not be revoked'
  return lag === 0 ? 'at once' : `within ${lag} s`
}

function measuredLag({ measuredLag: measured, lag }: VariantResults): string {
  if (measured === null) return ''
  const { seconds, times, configured, watched } = measured
  if (seconds === null) return `still accepted after ${watched} s`
  const setting = configured === lag ? '' : `, set to ${configured} s for this`
  if (times === 1) return `${seconds.median.toFixed(2)} s${setting}`
  return `${seconds.median.toFixed(2)} s, at most ${seconds.longest.toFixed(2)} s of ${times}${setting}`
}
