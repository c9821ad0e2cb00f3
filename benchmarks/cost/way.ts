import type { Ledger } from './ledger.ts'
import type { Arrival, Traffic } from './traffic.ts'

/** One way to keep sessions, as far as its commands go. */
export interface Way {
  readonly name: string
  readonly ledger: Ledger
  serve(arrival: Arrival): void
}

export type MakeWay = (traffic: Traffic) => Way
