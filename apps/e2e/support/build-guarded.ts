import { buildVariants } from './build-variants.ts'
import { GUARDED } from './variants.ts'

/** Builds no more than the proofs from outside need. Vitest calls it once before all tests. */
export default function buildGuarded(): Promise<void> {
  return buildVariants(GUARDED)
}
