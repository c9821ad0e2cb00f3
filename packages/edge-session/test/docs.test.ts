import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { docPages, ROOT } from './support/doc-pages.ts'
import { compileDocs } from './support/doc-project.ts'

const pages = docPages()
const source = join(ROOT, 'packages/edge-session/src/lib')

function textOf(path: string): string {
  return pages.find((page) => page.path === path)?.text ?? ''
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('the documentation', () => {
  it('has code that compiles against the package', async () => {
    expect(await compileDocs(pages, 'docs/install.md')).toEqual([])
  })

  it('leaves no code out but what is no TypeScript', () => {
    const languages = pages.flatMap(({ blocks }) => blocks.map(({ language }) => language))
    for (const language of new Set(languages)) {
      expect(['ts', 'tsx', 'sh', 'json', 'text', '']).toContain(language)
    }
    expect(languages.filter((language) => /^tsx?$/.test(language)).length).toBeGreaterThan(50)
  })

  it('links to what exists', () => {
    const broken = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].flatMap(([, link = '']) => {
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? path : join(dirname(path), file)
        // Pictures are taken of the built demo.
        if (/\.(?:png|svg)$/.test(target)) return []
        if (!existsSync(join(ROOT, decodeURI(target)))) return [`${path}: ${link}`]
        const known = anchor === undefined || anchorsOf(textOf(target)).includes(anchor)
        return known ? [] : [`${path}: ${link}`]
      }),
    )
    expect(broken).toEqual([])
  })

  it('names tests that exist', () => {
    const named = textOf('SECURITY.md')
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .flatMap((line) => {
        const [inside = '', outside = ''] = (line.split('|').at(-2) ?? '').split('e2e ')
        const names = (text: string) => [...text.matchAll(/`([\w-]+)`/g)].map(([, name]) => name)
        return [
          ...names(inside).map((name) => ({
            name,
            folders: ['packages/edge-session/test', 'packages/edge-session/test/prove'],
          })),
          ...names(outside).map((name) => ({ name, folders: ['apps/e2e/test'] })),
        ]
      })
    expect(named.length).toBeGreaterThan(100)
    const missing = named.filter(
      ({ name, folders }) =>
        !folders.some((folder) =>
          ['ts', 'tsx'].some((type) => existsSync(join(ROOT, folder, `${name}.test.${type}`))),
        ),
    )
    expect(missing).toEqual([])
  })

  it('explains every error code there is', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.tsx?$/.test(file),
    )
    const code = files.map((file) => readFileSync(join(source, file), 'utf8')).join('\n')
    const codes = new Set([...code.matchAll(/'(ERR_[A-Z_]+)'/g)].map(([, name = '']) => name))
    const explained = anchorsOf(textOf('docs/errors.md'))
    expect([...codes].filter((name) => !explained.includes(name.toLowerCase()))).toEqual([])
  })

  it('names every option', () => {
    const options =
      readFileSync(join(source, 'options.ts'), 'utf8').split('/** Options with nothing left')[0] ?? ''
    const names = [...options.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name = '']) => name)
    const listed = textOf('docs/install.md')
    expect(names.length).toBeGreaterThan(15)
    expect(names.filter((name) => !listed.includes(`| \`${name}\``))).toEqual([])
  })

  it('is indexed', () => {
    const index = textOf('docs/README.md')
    const others = pages.filter(({ path }) => /^docs\/(?!README)/.test(path))
    expect(
      others.filter(({ path }) => !index.includes(`(${path.slice(5)})`)).map(({ path }) => path),
    ).toEqual([])
  })
})
