import { createHistogram } from 'node:perf_hooks'

/** Milliseconds. */
export interface LatencySummary {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export interface Latency {
  record(milliseconds: number): void
  summary(): LatencySummary
}

/** A HDR histogram with 3 digits. */
export function measureLatency(): Latency {
  const histogram = createHistogram({ figures: 3 })
  const toMilliseconds = (microseconds: number) => Math.round(microseconds / 10) / 100
  return {
    record: (milliseconds) => histogram.record(Math.max(1, Math.round(milliseconds * 1_000))),
    summary: () => ({
      count: histogram.count,
      mean: histogram.count === 0 ? 0 : toMilliseconds(histogram.mean),
      p50: toMilliseconds(histogram.percentile(50)),
      p95: toMilliseconds(histogram.percentile(95)),
      p99: toMilliseconds(histogram.percentile(99)),
      max: toMilliseconds(histogram.max),
    }),
  }
}
