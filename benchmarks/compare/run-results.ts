import type { MicroResult } from '../micro/run-micro.ts'
import type { Surroundings } from '../scale/surroundings.ts'
import type { Cell } from './cells.ts'
import type { KVCounts } from './kv.ts'
import type { Sample } from './load.ts'
import type { OneVisitor } from './one-visitor.ts'
import type { Paced } from './pace.ts'
import type { MeasuredLag } from './revocation.ts'
import type { Variant } from './variants.ts'

/** Everything one run has measured. */
export interface RunResults {
  readonly surroundings: Surroundings
  readonly versions: Readonly<Record<string, string>>
  /** Processes that wanted a core before the run began, on average of a minute. */
  readonly loadBefore: number
  readonly cores: number
  readonly rounds: number
  readonly secondsPerCell: number
  readonly cells: readonly Cell[]
  readonly variants: readonly VariantResults[]
  readonly micro: readonly MicroResult[]
  /** Of strict. */
  readonly oneVisitor: OneVisitor | null
  /** Of cached. */
  readonly paced: Paced | null
  /** Bytes of the smaller proxy entry without what it imports, gzip. */
  readonly ownProxySize: number
}

export interface VariantResults
  extends Pick<Variant, 'id' | 'title' | 'convention' | 'ours' | 'floor' | 'lag'> {
  /** What one request asks of KV. */
  readonly perPage: KVCounts
  readonly perApiCall: KVCounts
  readonly measuredLag: MeasuredLag | null
  /** Bytes, gzip. */
  readonly proxySize: number | null
  /** By cell; empty for what was only counted. */
  readonly cells: Readonly<Record<string, CellResults>>
}

/** Ratios are to the trivial proxy of the same round. */
export interface CellResults {
  readonly requestsPerSecond: Ratio
  readonly p50: Ratio
  readonly p99: Ratio
  readonly cpu: Ratio | null
  /** One for each round. */
  readonly samples: readonly Sample[]
}

export interface Ratio {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}
