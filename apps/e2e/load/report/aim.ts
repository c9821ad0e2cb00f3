import type { Measured } from './measured.ts'
import type { PartName, Parts, Results } from './results-of.ts'

/** One aim, and what came of it. */
export interface Aim {
  readonly what: string
  readonly aim: string
  readonly outcome: (results: Results) => Measured
}

export function aim<Name extends PartName>(
  part: Name,
  what: string,
  words: string,
  measure: (figures: Parts[Name]) => Measured | null,
): Aim {
  return {
    what,
    aim: words,
    outcome: (results) => {
      const figures = results.figures(part)
      const measured = figures === null ? null : measure(figures)
      return measured ?? { measured: results.result(part) === null ? 'not run' : 'no figure', met: null }
    },
  }
}

/** An aim that is not this command's to measure; `where` says whose it is. */
export function elsewhere(what: string, words: string, where: string): Aim {
  const outcome: Measured = { measured: `not measured by this command: ${where}`, met: null }
  return { what, aim: words, outcome: () => outcome }
}
