import { ConfigurationError } from './errors.ts'

/** A length of time: `'30s'`, `'15m'`, `'8h'`, `'7d'`, `'250ms'`, or a whole number of milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a duration. Throws `ERR_CONFIGURATION` naming `option` unless it is finite, whole and above zero. */
export function toMilliseconds(duration: Duration, option: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration)) ?? []
  // Rounded, as '1.1h' is a whole number of them, but not in floating point.
  const milliseconds =
    typeof duration === 'number'
      ? duration
      : Number((Number(amount) * (UNITS[unit] ?? Number.NaN)).toFixed(6))
  if (!Number.isSafeInteger(milliseconds) || milliseconds <= 0) {
    throw new ConfigurationError(
      `"${option}" is not a duration. Use a whole number of milliseconds above 0, or text such as '30s', '15m', '8h' or '7d'.`,
    )
  }
  return milliseconds
}
