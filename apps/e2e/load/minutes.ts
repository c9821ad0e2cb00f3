const UNITS: Readonly<Record<string, number>> = { s: 1 / 60, m: 1, h: 60 }

/** `90s`, `10m`, `2h` in minutes. */
export function toMinutes(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? []
  const minutes = Number(number) * (UNITS[unit] ?? 0)
  if (!(minutes > 0)) throw new TypeError(`"${text}" is no length of time. Write 90s, 10m or 2h.`)
  return minutes
}
