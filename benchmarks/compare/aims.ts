import { FIRST_VISIT } from '../micro/step-names.ts'
import { markdownTable } from '../scale/repository.ts'
import { MAIN_CELL } from './cells.ts'
import { median } from './median.ts'
import type { CellResults, RunResults } from './run-results.ts'
import { HAND_OVER } from './variants.ts'

interface Aim {
  readonly what: string
  readonly aim: string
  readonly measured: string
  readonly met: boolean
  /** Said where it is missed. */
  readonly why: string
}

const KV_BESIDE =
  'KV, Redis and the load share the two cores with the server, so a look-up may cost the page more than its wait; how much was not measured apart.'

/** Aims set before it was built, and what came of them. */
export function aims(results: RunResults): string {
  const all = [...strictAims(results), ...cachedAims(results), ...proxyAims(results)]
  const missed = all.filter(({ met }) => !met)
  const table = markdownTable([
    ['', 'aim', 'measured', 'met'],
    ...all.map(({ what, aim, measured, met }) => [what, aim, measured, met ? 'yes' : '**no**']),
  ])
  if (missed.length === 0) return table
  const reasons = missed.map(({ what, why }) => `- **${what}:** ${why}`)
  return `${table}\n\nWhy some are missed:\n\n${reasons.join('\n')}`
}

function strictAims({ variants, oneVisitor }: RunResults): readonly Aim[] {
  const of = (id: string) => variants.find((variant) => variant.id === id)
  const strict = of('strict')
  if (strict === undefined) return []
  const { commands, requests } = strict.perPage
  const against = (id: string) => speedAgainst(strict.cells, of(id)?.cells)
  return [
    {
      what: 'Strict: KV commands and round trips per page view',
      aim: '1 and 1',
      measured: `${commands} and ${requests}`,
      met: commands === 1 && requests === 1,
      why: '',
    },
    atLeast(1, {
      what: 'Strict: page views against the snippet that believes x-user-id',
      measured: against('snippet-header'),
      why: `It looks up as much as the snippet does, and opens a token and seals what it hands to the page, which the snippet does not. ${KV_BESIDE}`,
    }),
    atLeast(1.3, {
      what: 'Strict: page views against the snippet that asks KV three times',
      measured: against('snippet'),
      why: `The snippet sends its commands in two round trips, not three. ${KV_BESIDE}`,
    }),
    ...(oneVisitor === null
      ? []
      : [
          {
            what: `Strict: one visitor’s page view beyond the trivial proxy’s, with KV answering after ${oneVisitor.latency} ms`,
            aim: `≤ ${oneVisitor.latency} + 3 ms`,
            measured: `${(oneVisitor.ours - oneVisitor.baseline).toFixed(1)} ms`,
            met: oneVisitor.ours - oneVisitor.baseline <= oneVisitor.latency + 3,
            why: `${oneVisitor.latency} ms are the delay of KV alone; local-kv, Redis and the connection take their own time on top, and the rest was not measured apart.`,
          },
        ]),
  ]
}

function cachedAims({ variants, paced }: RunResults): readonly Aim[] {
  const cached = variants.find(({ id }) => id === 'cached')
  if (cached === undefined) return []
  const longest = cached.measuredLag?.seconds?.longest
  const floor = variants.find(({ id }) => id === HAND_OVER)?.cells
  const none = variants.find(({ id }) => id === 'none')?.cells
  const nothing = none && fromCells(none, 'page')
  // Only then is the trivial proxy warmer than what is compared with it.
  const colder =
    nothing && nothing.ratio < 1
      ? ` Pages without any proxy reach ${nothing.text}, so the trivial proxy is too fast here, see [how it is measured](#how-it-is-measured).`
      : ''
  const least = (target: 'page' | 'api') => {
    const handedOver = floor && fromCells(floor, target)
    return handedOver
      ? `A proxy that checks nothing and only hands the page a header reaches ${handedOver.text} in the same run.${colder}`
      : `The floor was not part of this run.${colder}`
  }
  return [
    ...(paced === null
      ? []
      : [
          {
            what: `Cached: KV commands per request at ${Math.round(paced.requestsPerSecond)} a second, ${paced.visitors} visitors, a lag of 5 s`,
            aim: '≤ 0.01',
            measured: paced.commandsPerRequest.toFixed(4),
            met: paced.commandsPerRequest <= 0.01,
            why: 'Activity is recorded once a minute for each visitor, and the feed is read every 5 s.',
          },
        ]),
    atLeast(0.9, {
      what: 'Cached: page views against the trivial proxy',
      measured: fromCells(cached.cells, 'page'),
      why: least('page'),
    }),
    atLeast(0.85, {
      what: 'Cached: API calls against the trivial proxy',
      measured: fromCells(cached.cells, 'api'),
      why: least('api'),
    }),
    ...(longest === undefined
      ? []
      : [
          {
            what: 'Cached: a revocation is seen everywhere within',
            aim: '≤ 5.5 s',
            measured: `${longest.toFixed(2)} s`,
            met: longest <= 5.5,
            why: '',
          },
        ]),
  ]
}

function proxyAims({ micro, ownProxySize }: RunResults): readonly Aim[] {
  const first = micro.find(({ name }) => name === FIRST_VISIT)
  return [
    ...(first === undefined
      ? []
      : [
          {
            what: 'The proxy without KV, against its unavoidable cryptography',
            aim: '≤ 2 ×',
            measured: `${first.ratio.median.toFixed(2)} ×`,
            met: first.ratio.median <= 2,
            why: 'Beside the cipher there are the request and response objects of Next.js, and jose around the cipher. A token that was seen before costs no cryptography at all, see [steps](#steps).',
          },
        ]),
    {
      what: 'Proxy entry, own code',
      aim: '≤ 6 kB',
      measured: `${(ownProxySize / 1_000).toFixed(1)} kB`,
      met: ownProxySize <= 6_000,
      why: 'All of it runs in every proxy: tokens and their rotation with grace, the guard, refusals, the KV transport, the checks of all options. The cache is a fifth, and is there where it is switched off as well.',
    },
  ]
}

interface Measured {
  readonly ratio: number
  readonly text: string
}

function atLeast(
  least: number,
  { what, measured, why }: { what: string; measured: Measured | null; why: string },
): Aim {
  const aim = `≥ ${least} ×`
  if (measured === null)
    return { what, aim, measured: 'not measured', met: false, why: 'Not part of this run.' }
  return { what, aim, measured: measured.text, met: measured.ratio >= least, why }
}

/** With KV answering after 5 ms. */
function fromCells(cells: Readonly<Record<string, CellResults>>, target: 'page' | 'api'): Measured | null {
  const ratio = cells[`${target}-10-5`]?.requestsPerSecond.median
  return ratio === undefined ? null : { ratio, text: `${ratio.toFixed(2)} ×` }
}

/** Ours to theirs in the same round. */
function speedAgainst(
  ours: Readonly<Record<string, CellResults>>,
  theirs: Readonly<Record<string, CellResults>> | undefined,
): Measured | null {
  const [mine, other] = [ours[MAIN_CELL]?.samples, theirs?.[MAIN_CELL]?.samples]
  if (mine === undefined || other === undefined) return null
  const ratios = mine.map(
    ({ requestsPerSecond }, round) => requestsPerSecond / (other[round]?.requestsPerSecond ?? 0),
  )
  const ratio = median(ratios)
  return { ratio, text: `${ratio.toFixed(2)} ×` }
}
