import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../../../..')

/** One fenced block of a page. */
export interface DocBlock {
  readonly language: string
  readonly text: string
  /** Line of the page on which the text begins. */
  readonly line: number
}

export interface DocPage {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly DocBlock[]
}

/** Everything we tell users in Markdown. The generated API reference, in docs/api, is not ours to check. */
export function docPages(): readonly DocPage[] {
  const packages = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`)
  return ['', ...packages, 'docs', 'decisions'].flatMap(markdownIn).map(readPage)
}

function markdownIn(folder: string): readonly string[] {
  const path = join(ROOT, folder)
  const files = existsSync(path) ? readdirSync(path).sort() : []
  return files
    .filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md' && file !== 'AGENTS.md')
    .map((file) => (folder === '' ? file : `${folder}/${file}`))
}

function readPage(path: string): DocPage {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const blocks: DocBlock[] = []
  let open: { readonly language: string; readonly line: number; readonly lines: string[] } | null = null
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === null) open = { language: fence[1] ?? '', line: index + 2, lines: [] }
    else {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') })
      open = null
    }
  }
  if (open !== null) throw new Error(`${path}: the code fence before line ${open.line} is not closed`)
  return { path, text, blocks }
}
