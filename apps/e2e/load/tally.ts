import type { Verdict } from './judge.ts'
import { type Latency, type LatencySummary, measureLatency } from './latency.ts'

/** What one kind of request came to. */
export interface KindSummary extends LatencySummary {
  readonly statuses: Readonly<Record<string, number>>
}

export interface TallySummary {
  readonly requests: number
  /** No answer at all. */
  readonly broken: number
  readonly verdicts: Readonly<Record<Verdict, number>>
  readonly statuses: Readonly<Record<string, number>>
  readonly latency: LatencySummary
  readonly kinds: Readonly<Record<string, KindSummary>>
  /** The first few answers that were neither right nor 503, without tokens. */
  readonly complaints: readonly string[]
}

export interface Answered {
  readonly kind: string
  readonly status: number
  readonly verdict: Verdict
  readonly milliseconds: number
  readonly complaint?: string
}

export interface Tally {
  add(answered: Answered): void
  addBroken(kind: string, error: unknown): void
  summary(): TallySummary
}

export function keepTally(): Tally {
  const all = measureLatency()
  const kinds = new Map<string, { latency: Latency; statuses: Record<string, number> }>()
  const verdicts = { right: 0, 'wrong-identity': 0, lost: 0, revived: 0, unavailable: 0, unexpected: 0 }
  const statuses: Record<string, number> = {}
  const complaints: string[] = []
  let broken = 0

  function complain(text: string): void {
    if (complaints.length < 20) complaints.push(`${new Date().toISOString()} ${text}`)
  }

  return {
    add({ kind, status, verdict, milliseconds, complaint = '' }) {
      const counted = kinds.get(kind) ?? { latency: measureLatency(), statuses: {} }
      kinds.set(kind, counted)
      for (const latency of [all, counted.latency]) latency.record(milliseconds)
      for (const counts of [statuses, counted.statuses]) counts[status] = (counts[status] ?? 0) + 1
      verdicts[verdict] += 1
      if (verdict !== 'right' && verdict !== 'unavailable')
        complain(`${kind} ${verdict} ${status} ${complaint}`)
    },
    addBroken(kind, error) {
      broken += 1
      complain(`${kind} broken ${error instanceof Error ? `${error.name} ${error.message}` : String(error)}`)
    },
    summary: () => ({
      requests: all.summary().count,
      broken,
      verdicts: { ...verdicts },
      statuses: { ...statuses },
      latency: all.summary(),
      kinds: Object.fromEntries(
        [...kinds].map(([kind, { latency, statuses }]) => [kind, { ...latency.summary(), statuses }]),
      ),
      complaints,
    }),
  }
}
