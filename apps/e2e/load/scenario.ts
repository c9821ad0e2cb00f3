/** What a scenario found. */
export interface Finding {
  /** Numbers for the report. */
  readonly figures: object
  /** What must never happen and did; none if all is well. */
  readonly failures: readonly string[]
}

export interface Scenario {
  readonly name: string
  /** Of the part that is measured; scenarios of several parts take it several times. */
  readonly minutes: number
  run(minutes: number): Promise<Finding>
}

/** A failure for every count that is not 0. */
export function allZero(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts)
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${what}: ${count}`)
}
