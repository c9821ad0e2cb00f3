import { appendFileSync } from 'node:fs'

/**
 * Says what was tried. With `PROVE_RESULTS`, the name of a file, it is added to that file as well, a line of JSON each
 * time: `pnpm prove` at the root makes docs/reliability.md of them.
 */
export function report(proof: string, counts: Readonly<Record<string, number | string>>): void {
  console.log(`${proof}:`, counts)
  const { PROVE_RESULTS } = process.env
  if (PROVE_RESULTS) appendFileSync(PROVE_RESULTS, `${JSON.stringify({ proof, ...counts })}\n`)
}
