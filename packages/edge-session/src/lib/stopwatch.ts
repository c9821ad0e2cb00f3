/**
 * Measures time from now on, in milliseconds, and never too little: the wall clock may be set back, and a monotonic
 * one may stand still while the machine sleeps, so whichever saw more counts. `Infinity` once the clock was set back
 * to before the start.
 */
export function startStopwatch(now: () => number): () => number {
  const wall = now()
  const monotonic = performance.now()
  return () => {
    const byWall = now() - wall
    return byWall < 0 ? Number.POSITIVE_INFINITY : Math.max(byWall, performance.now() - monotonic)
  }
}

/** The reading of a stopwatch for what has not happened. */
export const never = (): number => Number.POSITIVE_INFINITY
