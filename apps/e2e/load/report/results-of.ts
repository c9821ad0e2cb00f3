import { inShort, type SoakSummary } from '../last-soak.ts'
import type { TestCounts } from '../prove/count-tests.ts'
import type { MutantFigures } from '../prove/mutants.ts'
import type { ProofFigures } from '../prove/proofs.ts'
import { type PartResult, readResult } from '../results.ts'
import type { CostFigures } from '../scenarios/cost.ts'
import type { FaultsFigures } from '../scenarios/faults.ts'
import type { FloodFigures } from '../scenarios/flood.ts'
import type { MixedFigures } from '../scenarios/mixed.ts'
import type { RevocationFigures } from '../scenarios/revocation.ts'

/** What each part writes. */
export interface Parts {
  readonly tests: TestCounts
  readonly proofs: ProofFigures
  readonly outside: ProofFigures
  readonly mutants: MutantFigures
  readonly mixed: MixedFigures
  readonly cost: CostFigures
  readonly faults: FaultsFigures
  readonly flood: FloodFigures
  readonly revocation: RevocationFigures
  readonly soak: SoakSummary
}

export type PartName = keyof Parts

export const PART_NAMES: readonly PartName[] = [
  'tests',
  'proofs',
  'outside',
  'mutants',
  'mixed',
  'cost',
  'faults',
  'flood',
  'revocation',
  'soak',
]

/** The last result of every part; `null` where there is none. */
export interface Results {
  result(part: PartName): PartResult | null
  /** `null` as well if the part broke off before it had figures. */
  figures<Name extends PartName>(part: Name): Parts[Name] | null
}

/** What is in `directory`, or for the soak what is kept of the last one, if that is newer. */
export function resultsOf(directory: string, lastSoak: PartResult | null): Results {
  const all = new Map(PART_NAMES.map((part) => [part, readResult(directory, part)]))
  const soak = newer(all.get('soak') ?? null, lastSoak)
  all.set('soak', soak === null ? null : inShort(soak))
  return {
    result: (part) => all.get(part) ?? null,
    figures<Name extends PartName>(part: Name): Parts[Name] | null {
      const figures = all.get(part)?.figures ?? {}
      return Object.keys(figures).length === 0 ? null : (figures as Parts[Name])
    },
  }
}

function newer(here: PartResult | null, kept: PartResult | null): PartResult | null {
  if (here === null || kept === null) return here ?? kept
  return Date.parse(here.date) < Date.parse(kept.date) ? kept : here
}
