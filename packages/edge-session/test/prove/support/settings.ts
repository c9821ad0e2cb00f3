/**
 * How long to try. By default as long as every run of the tests can bear; with `PROVE=1` until it may be called a proof.
 * `PROVE_RUNS=5000` says a number of its own; `PROVE_SEED=123` repeats a run that failed.
 */
export function runs({ usual, proof }: { usual: number; proof: number }): number {
  const { PROVE, PROVE_RUNS } = process.env
  if (PROVE_RUNS !== undefined && PROVE_RUNS !== '') return Number(PROVE_RUNS)
  return isProof(PROVE) ? proof : usual
}

/** For `fc.assert`: a seed of its own each time, which fast-check prints when something fails. */
export function seeded<Settings extends object>(settings: Settings): Settings & { seed?: number } {
  const { PROVE_SEED } = process.env
  return PROVE_SEED === undefined ? settings : { ...settings, seed: Number(PROVE_SEED) }
}

/** Time for one test: long runs take as long as they take. */
export const PATIENCE = isProof(process.env.PROVE) || process.env.PROVE_RUNS ? 4 * 3_600_000 : 120_000

function isProof(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0'
}
