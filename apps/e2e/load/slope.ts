/** Least squares: by how many percent of its mean a value grows in ten minutes. */
export function slopePerTenMinutes(
  points: readonly { readonly minute: number; readonly value: number }[],
): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length
  const middle = mean(points.map(({ minute }) => minute))
  const level = mean(points.map(({ value }) => value))
  const rise = points.reduce((sum, { minute, value }) => sum + (minute - middle) * (value - level), 0)
  const run = points.reduce((sum, { minute }) => sum + (minute - middle) ** 2, 0)
  return run === 0 ? 0 : ((rise / run) * 10 * 100) / level
}
