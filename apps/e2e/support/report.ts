import { appendFileSync } from 'node:fs'

/** Says what was tried; with `PROVE_RESULTS`, the name of a file, there as well, as a line of JSON. */
export function report(proof: string, counts: Readonly<Record<string, number | string>>): void {
  console.log(`${proof}:`, counts)
  const { PROVE_RESULTS } = process.env
  if (PROVE_RESULTS) appendFileSync(PROVE_RESULTS, `${JSON.stringify({ proof, ...counts })}\n`)
}
