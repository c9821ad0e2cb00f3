import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../src')

/** Rows of AGENTS.md, bottom first. A file imports only from rows below its own. */
const ROWS: readonly (readonly string[])[] = [
  // vocabulary
  words(
    'encoding environment passive-header errors kv-transport kv-change-scripts memo problem record redirect-target path-forms cross-site stopwatch',
  ),
  words(
    'duration lifetime lookup session-store record-codec script-flags kv-circuit-breaker time-limit once-more kv-recognition-scripts missing-proxy refused-credentials cookie-options',
  ),
  // parts
  words(
    'session events seal session-data cookie kv-scripts kv-connection memory-store exec-transport cache-options',
  ),
  words('kv-changes'),
  words(
    'guard token snapshots kv-recognition transports/rest transports/upstash transports/vercel-kv transports/ioredis transports/redis',
  ),
  words('options identity kv-store feed-coverage'),
  words('feed-reader'),
  words('session-cache'),
  // lifecycle
  words('recognition engine'),
  words('session-writer new-record cached-recognition'),
  words('lifecycle kv-engine stateless-engine'),
  // frameworks
  words('refusal forwarded-headers request-state thrown-answer'),
  words('proxy server devices handlers'),
  words('session-handlers with-session'),
  // compose
  words('edge-session create-proxy signed-in-cookies'),
]
/** The browser's side knows the vocabulary and nothing else. */
const CLIENT = /^client-/
/** The conformance suite speaks to the contract alone. */
const SUITE = /^store-contract/

const ID_MAKER = /uuid|nanoid|ulid|cuid|ksuid|crypto/
const MAKES_IDS = /\b(randomSid|sha256|successors)\b/
const CONFIDENTIAL =
  /^(\w*(token|secret|sid|mac|signature|bearer|authorization|password|credential)s?|sealed|presented|expected)$/i
const COMPARISON = /(typeof )?([\w.?]+|[)\]'`])\s*[!=]==?\s*(\(*(?:await )?[\w.?]+|['`-])/g
const SEARCH =
  /\.(?:includes|startsWith|endsWith|indexOf|lastIndexOf|localeCompare|search|match)\(\s*([\w.?]+)\s*[,)]/g

const sources = readdirSync(join(SRC, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => {
    const name = file.replaceAll('\\', '/').replace(/\.tsx?$/, '')
    return { name, file, text: readFileSync(join(SRC, 'lib', file), 'utf8') }
  })

function importsOf({ name, text }: { name: string; text: string }): readonly string[] {
  return [...text.matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) =>
    posix.join(posix.dirname(name), path).replace(/\.tsx?$/, ''),
  )
}

function rowOf(name: string): number {
  return ROWS.findIndex((row) => row.includes(name))
}

describe('src/lib', () => {
  it('has a place in the rows for every file', () => {
    const strays = sources.filter(({ name }) => rowOf(name) === -1 && !CLIENT.test(name) && !SUITE.test(name))
    expect(strays.map(({ name }) => name)).toEqual([])
  })

  it('imports downwards only', () => {
    const upward = sources.flatMap((source) =>
      importsOf(source)
        .filter((imported) => {
          if (CLIENT.test(source.name)) return !CLIENT.test(imported) && rowOf(imported) > 2
          if (SUITE.test(source.name)) return !SUITE.test(imported) && rowOf(imported) > 1
          return rowOf(imported) >= rowOf(source.name)
        })
        .map((imported) => `${source.name} -> ${imported}`),
    )
    expect(upward).toEqual([])
  })

  it('uses Web APIs only', () => {
    const offenders = sources.filter(({ name, text }) => {
      const code = codeOf(text)
      return (
        /from 'node:|\bBuffer\b|\brequire\(/.test(code) ||
        (name !== 'environment' && /\bprocess\.env\b/.test(code))
      )
    })
    expect(offenders.map(({ name }) => name)).toEqual([])
  })

  it('knows jose in one place, and Next.js in the frameworks row only', () => {
    const users = (pattern: RegExp) =>
      sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name)
    expect(users(/from 'jose'/)).toEqual(['seal'])
    for (const name of users(/from 'next\//))
      expect(rowOf(name) >= rowOf('refusal') || CLIENT.test(name)).toBe(true)
  })

  it('makes no random id from anything but the CSPRNG', () => {
    const offenders = sources.filter(
      ({ text }) =>
        /Math\.random|randomUUID/.test(text) || packagesOf(text).some((name) => ID_MAKER.test(name)),
    )
    expect(offenders.map(({ name }) => name)).toEqual([])
  })

  it('knows neither time nor packages, but for jose, where ids and what follows from them are made', () => {
    const path = sources.filter(({ name, text }) => !SUITE.test(name) && MAKES_IDS.test(codeOf(text)))
    expect(path.map(({ name }) => name).sort()).toEqual(
      words('encoding lifecycle recognition seal stateless-engine token'),
    )
    const offenders = path.filter(({ text }) => /\bDate\b|\bperformance\b/.test(codeOf(text)))
    expect(offenders.map(({ name }) => name)).toEqual([])
    expect(path.flatMap(({ text }) => packagesOf(text)).sort()).toEqual(['jose', 'jose/base64url'])
  })

  it('never compares with a token, a secret or a MAC in a way that ends at the first difference', () => {
    const found = sources.flatMap(({ name, text }) =>
      earlyEnds(codeOf(text)).map((code) => `${name}: ${code}`),
    )
    // Which of our own sets of keys: an object, not a text.
    expect(found).toEqual(['seal: secret === (await keys'])
    for (const code of [
      'token === stored.token',
      'presented !== expected',
      'if (hex(mac) == request.signature) return',
      'known.includes(claims.sid)',
      'secret.startsWith(givenSecret)',
    ])
      expect(earlyEnds(code)).toHaveLength(1)
  })

  it('uses WebCrypto in three places; who makes a MAC to check one has WebCrypto compare it', () => {
    const uses = sources.flatMap(({ name, text }) => {
      const methods = new Set([...text.matchAll(/\bsubtle\.(\w+)/g)].map(([, method = '']) => method))
      return methods.size === 0 ? [] : [[name, [...methods].sort()]]
    })
    expect(Object.fromEntries(uses)).toEqual({
      encoding: ['digest'],
      // It signs to derive a sid. What visitors present it opens by authenticated encryption, in jose.
      seal: ['deriveBits', 'deriveKey', 'importKey', 'sign'],
      'session-handlers': ['importKey', 'sign', 'verify'],
    })
  })

  it('keeps files small: one concept each', () => {
    const lines = sources.map(({ name, text }) => ({ name, count: text.split('\n').length }))
    expect(lines.filter(({ count }) => count > 300).map(({ name }) => name)).toEqual([])
    const counts = lines.map(({ count }) => count).sort((a, b) => a - b)
    expect(counts[Math.floor(counts.length / 2)]).toBeLessThanOrEqual(100)
  })

  it('never swallows an error of KV', () => {
    const nearKV =
      /^(kv-|recognition|lifecycle|engine|request-state|server|handlers|session-handlers|proxy|refusal|transports)/
    const offenders = sources.filter(
      ({ name, text }) => nearKV.test(name) && /catch\s*(\([^)]*\))?\s*\{\s*(return null;?)?\s*\}/.test(text),
    )
    expect(offenders.map(({ name }) => name)).toEqual([])
  })
})

describe('src', () => {
  it('has entries of a few lines, and the server guard in exactly the server entry', () => {
    const entries = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isFile())
    for (const { name } of entries) {
      const text = readFileSync(join(SRC, name), 'utf8')
      expect(text.includes("import 'server-only'")).toBe(name === 'index.ts')
      expect(
        text
          .replace(/^(export|import) [\s\S]*?from '[^']+'$/gm, '')
          .split('\n')
          .filter((line) => line.trim() !== '').length,
      ).toBeLessThanOrEqual(3)
    }
  })
})

/** Without comments. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
}

function packagesOf(text: string): readonly string[] {
  return [...codeOf(text).matchAll(/(?:from|import|import\()\s*'([^.'][^']*)'/g)].map(([, name = '']) => name)
}

/** Comparisons of two values, and searches for one, where what goes by such a name takes part. Ids are hashes. */
function earlyEnds(code: string): readonly string[] {
  const isLiteral = (operand: string) => /^(['`\d-]|(null|undefined|true|false)$)/.test(operand)
  const isConfidential = (operand: string) => CONFIDENTIAL.test(/\w*$/.exec(operand)?.[0] ?? '')
  const comparisons = [...code.matchAll(COMPARISON)].filter(
    ([, type, left = '', right = '']) =>
      type === undefined && ![left, right].some(isLiteral) && [left, right].some(isConfidential),
  )
  const searches = [...code.matchAll(SEARCH)].filter(([, sought = '']) => isConfidential(sought))
  return [...comparisons, ...searches].map(([found]) => found)
}

function words(text: string): readonly string[] {
  return text.split(' ')
}
