import * as Plot from '@observablehq/plot'
import { Window } from 'happy-dom'
import { MAIN_CELL } from './cells.ts'
import { placeLabels } from './place-labels.ts'
import type { RunResults, VariantResults } from './run-results.ts'

const WIDTH = 920
const HEIGHT = 520
const MARGIN = { marginTop: 96, marginRight: 104, marginBottom: 56, marginLeft: 64 }
/** Between the scale's ends and the first and last column. */
const INSET = 24
/** Between a dot and its label. */
const GAP = 15
/** Width of a letter, on average, in wide fonts. */
const LETTER = { ours: 7.7, theirs: 7 }
/** Top of the scale, unless something is faster. */
const TOP = 1.1

interface Point {
  readonly title: string
  readonly commands: number
  readonly speed: number
  readonly lowest: number
  readonly highest: number
  readonly revocable: Revocable
  readonly ours: boolean
  /** Pixels by which its label stands lower. */
  readonly labelMoved: number
}

type Revocable = 'at once' | 'in seconds' | 'in minutes' | 'never'

const COLOURS: Readonly<Record<Revocable, string>> = {
  'at once': 'var(--at-once)',
  'in seconds': 'var(--in-seconds)',
  'in minutes': 'var(--in-minutes)',
  never: 'var(--never)',
}

const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"

/** Readable on light and dark ground: whoever shows the picture says which it is. */
const STYLE = `
  svg {
    --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --ground: #ffffff;
    --at-once: #0f766e; --in-seconds: #2563eb; --in-minutes: #b45309; --never: #be123c;
  }
  @media (prefers-color-scheme: dark) {
    svg {
      --ink: #f0f6fc; --quiet: #9198a1; --line: #3d444d; --ground: #0d1117;
      --at-once: #2dd4bf; --in-seconds: #79b8ff; --in-minutes: #f5a524; --never: #fb7185;
    }
  }`

/** Speed against KV commands, and in colour how soon a session can be ended, as an SVG of its own. */
export function drawPlot(results: RunResults): string {
  const shown = results.variants.filter(
    ({ convention, floor, cells }) => convention === 'proxy.ts' && !floor && cells[MAIN_CELL] !== undefined,
  )
  const most = Math.max(6, ...shown.map(({ perPage }) => perPage.commands))
  const top = Math.max(TOP, ...shown.map(({ cells }) => cells[MAIN_CELL]?.requestsPerSecond.highest ?? 0))
  const points = pointsOf(shown, { most, top })
  const { document } = new Window()
  const chart = Plot.plot({
    document: document as unknown as Document,
    width: WIDTH,
    height: HEIGHT,
    ...MARGIN,
    style: { background: 'none', color: 'var(--ink)', fontSize: '13px', fontFamily: FONT },
    x: { domain: [0, most], ticks: most, tickFormat: 'd', label: null, inset: INSET },
    y: { domain: [0, top], ticks: [0, 0.25, 0.5, 0.75, 1], tickFormat: '.0%', label: null },
    marks: [
      Plot.axisX({ ticks: most, tickFormat: 'd', tickSize: 0, label: null, color: 'var(--quiet)' }),
      Plot.axisY({
        ticks: [0, 0.25, 0.5, 0.75, 1],
        tickFormat: '.0%',
        tickSize: 0,
        label: null,
        color: 'var(--quiet)',
      }),
      Plot.gridY([0.25, 0.5, 0.75], { stroke: 'var(--line)', strokeOpacity: 0.6 }),
      Plot.ruleY([0], { stroke: 'var(--line)' }),
      Plot.ruleY([1], { stroke: 'var(--quiet)', strokeDasharray: '2,4' }),
      Plot.ruleX(points, {
        x: 'commands',
        y1: 'lowest',
        y2: 'highest',
        stroke: colourOf,
        strokeWidth: 1.5,
        strokeOpacity: 0.45,
      }),
      Plot.dot(
        points.filter(({ ours }) => !ours),
        { x: 'commands', y: 'speed', r: 5.5, fill: 'var(--ground)', stroke: colourOf, strokeWidth: 2.5 },
      ),
      Plot.dot(
        points.filter(({ ours }) => ours),
        { x: 'commands', y: 'speed', r: 8, fill: colourOf },
      ),
      ...points.map((point) =>
        Plot.text([point], {
          x: 'commands',
          y: 'speed',
          dx: GAP,
          dy: point.labelMoved,
          text: 'title',
          textAnchor: 'start',
          fill: point.ours ? COLOURS[point.revocable] : 'var(--ink)',
          fontWeight: point.ours ? 700 : 400,
          fontSize: 13.5,
        }),
      ),
    ],
  })
  chart.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  chart.setAttribute('role', 'img')
  return `${chart.outerHTML.replace('</svg>', `${furniture(results, top)}</svg>`)}\n`
}

/** Ours first: their labels have the first choice of places. */
function pointsOf(
  variants: readonly VariantResults[],
  { most, top }: { most: number; top: number },
): readonly Point[] {
  const points = variants
    .map(pointOf)
    .sort((a, b) => Number(b.ours) - Number(a.ours) || a.commands - b.commands || b.speed - a.speed)
  const places = points.map(({ commands, speed, title, ours }) => ({
    x: columnOf(commands, most),
    y: pixelsOf(speed, top),
    labelWidth: title.length * (ours ? LETTER.ours : LETTER.theirs),
  }))
  const moves = placeLabels(places, GAP)
  return points.map((point, index) => ({ ...point, labelMoved: moves[index] ?? 0 }))
}

function pointOf(variant: VariantResults): Point {
  const speed = variant.cells[MAIN_CELL]?.requestsPerSecond
  if (speed === undefined) throw new Error(`${variant.id} was not loaded.`)
  return {
    title: variant.title,
    commands: variant.perPage.commands,
    speed: speed.median,
    lowest: speed.lowest,
    highest: speed.highest,
    revocable: revocableOf(variant),
    ours: variant.ours,
    labelMoved: 0,
  }
}

function revocableOf({ lag }: VariantResults): Revocable {
  if (lag === 'never') return 'never'
  if (Number(lag) === 0) return 'at once'
  return Number(lag) < 60 ? 'in seconds' : 'in minutes'
}

function colourOf({ revocable }: Point): string {
  return COLOURS[revocable]
}

/** As Plot's own scale has it: a dot at this speed is so many pixels from the top. */
function pixelsOf(speed: number, top: number): number {
  const room = HEIGHT - MARGIN.marginTop - MARGIN.marginBottom
  return MARGIN.marginTop + room * (1 - speed / top)
}

/** As Plot's own scale has it: a dot with so many commands is so many pixels from the left. */
function columnOf(commands: number, most: number): number {
  const room = WIDTH - MARGIN.marginLeft - MARGIN.marginRight - 2 * INSET
  return MARGIN.marginLeft + INSET + (room * commands) / most
}

/** Everything around the chart. */
function furniture({ surroundings }: RunResults, top: number): string {
  const left = 24
  const swatches = [
    ['at once', 'a session ends at once'],
    ['in seconds', 'within 5 s'],
    ['in minutes', 'within 5 min'],
    ['never', 'can not be ended'],
  ] as const
  const widths = [176, 98, 110, 0]
  const legend = swatches.map(([revocable, text], index) => {
    const x = left + widths.slice(0, index).reduce((sum, width) => sum + width, 0)
    const dot = `<circle cx="${x + 6}" cy="74" r="5.5" fill="${COLOURS[revocable]}"/>`
    return `${dot}<text x="${x + 18}" y="78.5" font-size="13" text-anchor="start" fill="var(--quiet)">${text}</text>`
  })
  const middle = (WIDTH - MARGIN.marginRight + MARGIN.marginLeft) / 2
  return [
    `<style>${STYLE}</style>`,
    '<title>Page views per second of session libraries, by KV commands per page view</title>',
    `<text x="${left}" y="32" text-anchor="start" font-size="19" font-weight="700" fill="var(--ink)">Page views per second, compared with a proxy that does nothing</text>`,
    `<text x="${left}" y="53" text-anchor="start" font-size="13" fill="var(--quiet)">KV answers after 5 ms, 10 requests at once, proxy.ts; lines: all rounds. ${surroundings.date}</text>`,
    ...legend,
    `<text x="${WIDTH - MARGIN.marginRight}" y="${pixelsOf(1, top) - 7}" font-size="12.5" text-anchor="end" fill="var(--quiet)">trivial proxy</text>`,
    `<text x="${middle}" y="${HEIGHT - 14}" font-size="13" text-anchor="middle" fill="var(--quiet)">KV commands per page view</text>`,
  ].join('')
}
