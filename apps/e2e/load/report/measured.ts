import type { ProofFigures } from '../prove/proofs.ts'
import { milliseconds, text } from './markdown.ts'

export interface Measured {
  readonly measured: string
  /** `null` where there is nothing to judge. */
  readonly met: boolean | null
}

export function atLeast(measured: number, aimed: number): Measured | null {
  return Number.isFinite(measured) ? { measured: text(measured), met: measured >= aimed } : null
}

export function within(measured: number | undefined, aimed: number): Measured | null {
  if (measured === undefined || !Number.isFinite(measured)) return null
  return { measured: milliseconds(measured), met: measured <= aimed }
}

export function none(count: number): Measured | null {
  return Number.isFinite(count) ? { measured: text(count), met: count === 0 } : null
}

export function noneOf(count: number, all: number): Measured | null {
  if (!Number.isFinite(count) || !Number.isFinite(all)) return null
  return { measured: `${text(count)} of ${text(all)}`, met: count === 0 && all > 0 }
}

export function ratio(measured: number, calm: number, aimed: number): Measured {
  const times = measured / calm
  const words = `${text(times)} × (${milliseconds(measured)}, ${milliseconds(calm)} without)`
  return { measured: words, met: measured > 0 && calm > 0 && times <= aimed }
}

/** No number where nothing was counted. */
export function sum(figures: ProofFigures, proof: string, name: string): number {
  const found = numbers(figures, proof, name)
  return found.length === 0 ? Number.NaN : found.reduce((total, count) => total + count, 0)
}

export function numbers({ lines }: ProofFigures, proof: string, name: string): readonly number[] {
  return lines.filter((line) => line.proof === proof).map((line) => Number(line[name]))
}
