import type { Distribution } from './distribution.ts'
import { markdownTable } from './repository.ts'
import type { Surroundings } from './surroundings.ts'

export interface Results {
  readonly surroundings: Surroundings
  readonly redis: string
  readonly seed: number
  readonly large: Distribution & {
    /** What Redis' `used_memory` grew by. */
    readonly bytes: number
    /** By number of sessions, as `MEMORY USAGE` says. */
    readonly bytesOfUser: Readonly<Record<string, number>>
    readonly secondsToFill: number
  }
  readonly small: Distribution
  /** Such sessions in a Redis that packs hashes of this size. */
  readonly packed: { readonly sessions: number; readonly users: number; readonly bytes: number }
  readonly operations: readonly Comparison[]
}

/** One operation at both sizes, measured in turn. Times in milliseconds. */
export interface Comparison {
  readonly operation: string
  readonly sessionsOfUser: string
  /** Of the medians of each round. */
  readonly ratio: Ratio
  /** The same where in the large database only as many users come as the small one has. */
  readonly ratioOfSameUsers: Ratio | null
  /** Of the slowest of each round. */
  readonly ratioOfSlowest: Ratio
  readonly small: Figures
  readonly large: Figures
}

/** The large database against the small one, round by round. */
export interface Ratio {
  readonly median: number
  readonly lowerQuartile: number
  readonly upperQuartile: number
}

export interface Figures {
  readonly samples: number
  readonly p50: number
  readonly p99: number
  readonly commandsSent: number
  /** Those that a script runs included. */
  readonly commandsRun: number
  readonly microsecondsInRedis: number
}

/** The p50 of an operation with a million sessions against that with a thousand. */
const AIM = 1.1

export function describeResults(results: Results): string {
  const { surroundings, redis, large, small } = results
  const { date, commit, machine, node, edgeSession } = surroundings
  const ofMostUsers = results.operations.filter(({ sessionsOfUser }) => sessionsOfUser === '1 to 3')
  const at = `${count(large.sessions)} sessions against ${count(small.sessions)}`
  return [
    `Measured on ${date} at commit ${commit}: edge-session ${edgeSession}, Redis ${redis}, Node.js ${node}, ${machine}, shared with other work.`,
    '### Memory',
    memoryTable(results),
    `### An operation, ${at}`,
    ratioTable(ofMostUsers),
    '### A user with 1, 10 and 100 sessions',
    sizeTable(results.operations),
    describeAim(results.operations),
  ].join('\n\n')
}

function memoryTable({ large, packed }: Results): string {
  const users = Object.entries(large.bytesOfUser).map(([sessions, bytes]) => [
    `a user with ${sessions} session${sessions === '1' ? '' : 's'}`,
    count(bytes),
    count(bytes / Number(sessions)),
  ])
  return markdownTable([
    ['', 'bytes', 'bytes per session'],
    [
      `${count(large.sessions)} sessions of ${count(large.users)} users, together`,
      count(large.bytes),
      count(large.bytes / large.sessions),
    ],
    [
      `${count(packed.sessions)} sessions of ${count(packed.users)} users, hashes packed`,
      count(packed.bytes),
      count(packed.bytes / packed.sessions),
    ],
    ['per user, on average', count(large.bytes / large.users), ''],
    ...users,
  ])
}

function describeAim(comparisons: readonly Comparison[]): string {
  const missed = comparisons.filter(({ ratio }) => ratio.median > AIM)
  const aim = `The aim was that no p50 is above ${AIM}.`
  if (missed.length === 0) return `${aim} None is.`
  const groups = [...new Set(missed.map(({ sessionsOfUser }) => sessionsOfUser))].map((sessions) => {
    const listed = missed
      .filter(({ sessionsOfUser }) => sessionsOfUser === sessions)
      .map(({ operation, ratio }) => `${operation} ${ratio.median.toFixed(2)}`)
    return `with ${sessions} sessions: ${listed.join(', ')}`
  })
  return `${aim} It is **missed** for users ${groups.join('; ')}.`
}

function ratioTable(comparisons: readonly Comparison[]): string {
  return markdownTable([
    [
      'operation',
      'commands sent',
      'run in Redis',
      'p50',
      'p50, the same 300 users',
      'slowest of 100',
      "Redis' own time",
    ],
    ...comparisons.map(({ operation, small, large, ...ratios }) => [
      operation,
      amount(large.commandsSent),
      amount(large.commandsRun),
      spread(ratios.ratio),
      ratios.ratioOfSameUsers === null ? '–' : spread(ratios.ratioOfSameUsers),
      spread(ratios.ratioOfSlowest),
      ratio(large.microsecondsInRedis, small.microsecondsInRedis),
    ]),
  ])
}

/** How an operation grows with the sessions of its user, in the large database. */
function sizeTable(comparisons: readonly Comparison[]): string {
  const names = [
    ...new Set(comparisons.filter((each) => each.sessionsOfUser === '100').map((each) => each.operation)),
  ]
  const rows = names.flatMap((name) => {
    const of = comparisons.filter(({ operation }) => operation === name)
    const [one, ten, hundred] = ['1', '10', '100'].map((size) =>
      of.find((each) => each.sessionsOfUser === size),
    )
    if (one === undefined || ten === undefined || hundred === undefined) return []
    const sizes = [one, ten, hundred]
    return [
      [
        name,
        amount(one.large.commandsSent),
        sizes.map(({ large }) => amount(large.commandsRun)).join(' / '),
        sizes.map(({ large }) => Math.round(large.microsecondsInRedis)).join(' / '),
        sizes.map(({ ratio }) => spread(ratio)).join(' / '),
      ],
    ]
  })
  return markdownTable([
    ['operation', 'commands sent', 'run in Redis', "µs of Redis' own time", 'p50 against the small database'],
    ...rows,
  ])
}

function spread({ median, lowerQuartile, upperQuartile }: Ratio): string {
  return `${median.toFixed(2)} (${lowerQuartile.toFixed(2)}–${upperQuartile.toFixed(2)})`
}

function ratio(value: number, base: number): string {
  return (value / base).toFixed(2)
}

function amount(value: number): string {
  return Number(value.toFixed(1)).toString()
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-GB')
}
