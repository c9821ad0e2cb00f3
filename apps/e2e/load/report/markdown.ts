export type Cell = string | number

/** A table of Markdown, its columns aligned. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = [head, head.map(() => ''), ...rows].map((row) =>
    head.map((_, column) => text(row[column] ?? '').replaceAll('|', '\\|')),
  )
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row, n) =>
      n === 1
        ? `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
        : `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
    )
    .join('\n')
}

/** A number as people read it: 1,234 or 0.123. */
export function text(value: Cell): string {
  if (typeof value === 'string') return value
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 3
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

export function milliseconds(value: number): string {
  return `${text(Math.round(value))} ms`
}

/** `12 min 5 s`. */
export function duration(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)]
  return minutes === 0 ? `${rest} s` : `${minutes} min ${rest} s`
}
