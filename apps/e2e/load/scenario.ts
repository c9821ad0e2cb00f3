/** What a scenario found. */
export interface Finding<Figures extends object = object> {
  /** Numbers for the report. */
  readonly figures: Figures
  /** What must never happen and did; none if all is well. */
  readonly failures: readonly string[]
}

export interface Scenario<Figures extends object = object> {
  readonly name: string
  /** Of the part that is measured; scenarios of several parts take it several times. */
  readonly minutes: number
  run(minutes: number): Promise<Finding<Figures>>
}

/** A failure for every count that is not 0. */
export function allZero(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts)
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${what}: ${count}`)
}
