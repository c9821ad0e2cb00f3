import { parseArgs } from 'node:util'
import { CELLS, type Cell, QUICK_CELLS } from './cells.ts'
import { BASELINE, VARIANTS, type Variant } from './variants.ts'

export interface CommandLine {
  readonly variants: readonly Variant[]
  readonly cells: readonly Cell[]
  readonly rounds: number
  readonly seconds: number
  /** Requests for each target before the first round. */
  readonly warmUp: number
  /** Seconds to watch a session for that is not expected ever to be refused. */
  readonly watch: number
  /** Whether the results take the place of those in the repository and its documentation. */
  readonly publish: boolean
  /** Whether to make page and plot of the published figures once more, and measure nothing. */
  readonly redraw: boolean
  /** The variant to record a processor profile of, instead of measuring anything. */
  readonly profile: Variant | null
}

const USAGE = `pnpm bench [options]

  --quick            a try of a few minutes; publishes nothing
  --variants <ids>   only these, and the trivial proxy; publishes nothing
  --rounds <number>  default 5
  --seconds <number> of load for each variant, cell and round; default 1.4
  --publish          writes results, docs and plot also with one of the above
  --redraw           makes page and plot of the published figures once more, and measures nothing
  --profile <id>     records where one variant spends its time under load, and measures nothing

variants: ${VARIANTS.map(({ id }) => id).join(' ')}`

/** @throws Error that says how it is used. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      quick: { type: 'boolean', default: false },
      variants: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      publish: { type: 'boolean', default: false },
      redraw: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  })
  const { quick } = values
  return {
    variants:
      values.variants === undefined ? VARIANTS : [find(BASELINE), ...chosen(values.variants.split(','))],
    cells: quick ? QUICK_CELLS : CELLS,
    rounds: positive(values.rounds) ?? (quick ? 2 : 5),
    seconds: positive(values.seconds) ?? (quick ? 1 : 1.4),
    warmUp: quick ? 50 : 2_000,
    watch: quick ? 2 : 15,
    publish:
      values.publish ||
      (!quick &&
        values.variants === undefined &&
        values.rounds === undefined &&
        values.seconds === undefined),
    redraw: values.redraw,
    profile: values.profile === undefined ? null : find(values.profile),
  }
}

function chosen(ids: readonly string[]): readonly Variant[] {
  return ids.filter((id) => id !== BASELINE).map(find)
}

function find(id: string): Variant {
  const variant = VARIANTS.find((candidate) => candidate.id === id)
  if (variant === undefined) throw new Error(`There is no variant "${id}".\n\n${USAGE}`)
  return variant
}

function positive(value: string | undefined): number | null {
  if (value === undefined) return null
  if (!(Number(value) > 0)) throw new Error(`"${value}" is not a positive number.\n\n${USAGE}`)
  return Number(value)
}
