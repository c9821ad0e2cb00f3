import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { E2E } from '../support/variants.ts'
import { pnpm, runCommand } from './prove/run-command.ts'
import { type PartResult, readResult } from './results.ts'
import type { Sample, SoakFigures } from './scenarios/soak.ts'

/** What the report shows of a soak. */
export interface SoakSummary extends Omit<SoakFigures, 'samples' | 'load'> {
  readonly samples: readonly Pick<Sample, 'minute' | 'rssMiB' | 'descriptors'>[]
  readonly requests: number
  /** Answers that were not right, by what was wrong; what never happened is left out. */
  readonly wrong: Readonly<Record<string, number>>
}

/** Committed, as not every clone can take two hours. */
const FILE = join(E2E, 'load/last-soak.json')
const LONG_ENOUGH = 120
/** About as many rows are shown. */
const ROWS = 24

/** Keeps the soak among these results for every clone, if it was as long as it has to be. */
export async function keepSoak(directory: string): Promise<void> {
  const soak = readResult(directory, 'soak')
  if (soak === null || Number((soak.figures as { minutes?: number }).minutes) < LONG_ENOUGH) return
  writeFileSync(FILE, JSON.stringify(inShort(soak)))
  await runCommand(pnpm('exec', 'biome', 'format', '--write', FILE))
}

export function readLastSoak(): PartResult | null {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as PartResult) : null
}

/** A soak as it is kept; one that broke off has no figures. */
export function inShort(soak: PartResult): PartResult {
  const figures = soak.figures as SoakFigures | Record<string, never>
  return 'load' in figures ? { ...soak, figures: summaryOf(figures as SoakFigures) } : soak
}

function summaryOf({ samples, load, ...rest }: SoakFigures): SoakSummary {
  const { right: _, ...wrong } = load.verdicts
  const every = Math.max(1, Math.floor(samples.length / ROWS))
  return {
    ...rest,
    requests: load.requests,
    wrong: Object.fromEntries(Object.entries({ ...wrong, broken: load.broken }).filter(([, n]) => n > 0)),
    samples: samples
      .filter((_, n) => n % every === 0)
      .map(({ minute, rssMiB, descriptors }) => ({ minute, rssMiB, descriptors })),
  }
}
