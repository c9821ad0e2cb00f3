import * as Plot from '@observablehq/plot'
import { Window } from 'happy-dom'
import { MAIN_CELL } from './cells.ts'
import type { RunResults, VariantResults } from './run-results.ts'
import { spreadLabels } from './spread-labels.ts'

const WIDTH = 860
const HEIGHT = 520
const MARGIN = { marginTop: 96, marginRight: 150, marginBottom: 56, marginLeft: 64 }
/** Between the baselines of two labels. */
const LINE = 17

interface Point {
  readonly title: string
  readonly commands: number
  readonly speed: number
  readonly lowest: number
  readonly highest: number
  readonly revocable: Revocable
  readonly ours: boolean
  /** Where its label stands. */
  readonly labelAt: number
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
  const [low, high] = [0, 1.1]
  const points = pointsOf(results, (speed) => pixelsOf(speed, { low, high }))
  const most = Math.max(6, ...points.map(({ commands }) => commands))
  const { document } = new Window()
  const chart = Plot.plot({
    document: document as unknown as Document,
    width: WIDTH,
    height: HEIGHT,
    ...MARGIN,
    style: { background: 'none', color: 'var(--ink)', fontSize: '13px', fontFamily: FONT },
    x: { domain: [0, most], ticks: most, tickFormat: 'd', label: null, inset: 24 },
    y: { domain: [low, high], ticks: [0, 0.25, 0.5, 0.75, 1], tickFormat: '.0%', label: null },
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
          dx: 16,
          dy: point.labelAt - pixelsOf(point.speed, { low, high }),
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
  return `${chart.outerHTML.replace('</svg>', `${furniture(results)}</svg>`)}\n`
}

function pointsOf({ variants }: RunResults, pixels: (speed: number) => number): readonly Point[] {
  const shown = variants.filter(
    ({ convention, floor, cells }) => convention === 'proxy.ts' && !floor && cells[MAIN_CELL] !== undefined,
  )
  return [...new Set(shown.map(({ perPage }) => perPage.commands))].flatMap((commands) => {
    const group = shown.filter(({ perPage }) => perPage.commands === commands)
    const speeds = group.map(({ cells }) => cells[MAIN_CELL]?.requestsPerSecond.median ?? 0)
    const labels = spreadLabels(speeds.map(pixels), LINE)
    return group.map((variant, index) => pointOf(variant, { commands, labelAt: labels[index] ?? 0 }))
  })
}

function pointOf(variant: VariantResults, place: { commands: number; labelAt: number }): Point {
  const speed = variant.cells[MAIN_CELL]?.requestsPerSecond
  if (speed === undefined) throw new Error(`${variant.id} was not loaded.`)
  return {
    ...place,
    title: variant.title,
    speed: speed.median,
    lowest: speed.lowest,
    highest: speed.highest,
    revocable: revocableOf(variant),
    ours: variant.ours,
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
function pixelsOf(speed: number, { low, high }: { low: number; high: number }): number {
  const room = HEIGHT - MARGIN.marginTop - MARGIN.marginBottom
  return MARGIN.marginTop + room * (1 - (speed - low) / (high - low))
}

/** Everything around the chart. */
function furniture({ surroundings }: RunResults): string {
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
    `<text x="${WIDTH - MARGIN.marginRight}" y="${pixelsOf(1, { low: 0, high: 1.1 }) - 7}" font-size="12.5" text-anchor="end" fill="var(--quiet)">trivial proxy</text>`,
    `<text x="${middle}" y="${HEIGHT - 14}" font-size="13" text-anchor="middle" fill="var(--quiet)">KV commands per page view</text>`,
  ].join('')
}
