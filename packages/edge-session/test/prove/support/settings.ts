/**
 * How long to try. By default as long as every run of the tests can bear; with `PROVE=1` until it may be called a proof.
 * `PROVE_RUNS=5000` says a number of its own; `PROVE_SEED=123` repeats a run that failed.
 */
export function runs({ usual, proof }: { usual: number; proof: number }): number {
  const { PROVE, PROVE_RUNS } = process.env
  if (PROVE_RUNS !== undefined && PROVE_RUNS !== '') return Number(PROVE_RUNS)
  return isProof(PROVE) ? proof : usual
}

/** Another one each time, unless `PROVE_SEED` says which. */
export const SEED = chooseSeed()

/** For `fc.assert`, which prints the seed when something fails. */
export function seeded<Settings extends object>(settings: Settings): Settings & { seed: number } {
  return { ...settings, seed: SEED }
}

/** `PROVE_MINUTES=20` ends a long run after that time, however many runs that were. */
export function timeLimit(): { interruptAfterTimeLimit?: number; markInterruptAsFailure?: false } {
  const { PROVE_MINUTES } = process.env
  if (!PROVE_MINUTES) return {}
  return { interruptAfterTimeLimit: Number(PROVE_MINUTES) * 60_000, markInterruptAsFailure: false }
}

/** Time for one test: long runs take as long as they take. */
export const PATIENCE = isProof(process.env.PROVE) || process.env.PROVE_RUNS ? 4 * 3_600_000 : 120_000

function isProof(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0'
}

function chooseSeed(): number {
  const { PROVE_SEED } = process.env
  return PROVE_SEED ? Number(PROVE_SEED) : Math.floor(Math.random() * 2 ** 31)
}
