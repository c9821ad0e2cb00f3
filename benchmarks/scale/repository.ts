import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Seen from `benchmarks/dist/<folder>`. */
export const ROOT: string = join(import.meta.dirname, '../../..')

const PAGE = join(ROOT, 'docs/scale-and-cost.md')

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->` of docs/scale-and-cost.md. */
export async function writeSection(name: string, text: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8')
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [start, end] = [page.indexOf(open), page.indexOf(close)]
  if (start === -1 || end < start) throw new Error(`${PAGE} has no section "${name}".`)
  await writeFile(PAGE, `${page.slice(0, start + open.length)}\n\n${text.trim()}\n\n${page.slice(end)}`)
}

export async function writeResults(name: string, results: unknown): Promise<void> {
  const folder = join(ROOT, 'benchmarks/results')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(results, null, 2)}\n`)
}

/** Columns as wide as their widest cell, so that differences show what changed. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join(
    '\n',
  )
}
