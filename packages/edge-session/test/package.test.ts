import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const THEIRS = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)].flatMap(
  (name) => [name, `${name}/*`],
)

async function bundle(entry: string) {
  const contents = `export * from ${JSON.stringify(manifest.exports[entry].default)}`
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    external: THEIRS,
  })
  const [output] = Object.values(metafile.outputs)
  return {
    exports: [...(output?.exports ?? [])].sort(),
    gzip: gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length,
  }
}

const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json')

describe('the package', () => {
  it('exports these names and no others', async () => {
    const names = await Promise.all(entries.map(async (entry) => [entry, (await bundle(entry)).exports]))
    expect(Object.fromEntries(names)).toMatchInlineSnapshot(`
      {
        ".": [
          "ConfigurationError",
          "EdgeSessionError",
          "InvalidArgumentError",
          "KVError",
          "LIFETIME_PRESETS",
          "ReadOnlyContextError",
          "SessionLimitError",
          "SessionNotFoundError",
          "SessionTooLargeError",
          "SessionUnknownError",
          "USER_ID_HEADER",
          "UpdateConflictError",
          "createEdgeSession",
          "decodeUserId",
          "kvStore",
          "safeRedirectPath",
        ],
        "./proxy": [
          "USER_ID_HEADER",
          "createProxy",
          "decodeUserId",
          "proxy",
        ],
        "./react": [
          "SessionProvider",
          "useSession",
          "useSessions",
        ],
        "./testing": [
          "changeFeedContract",
          "memoryStore",
          "sessionStoreContract",
          "signedInCookies",
        ],
        "./transports/ioredis": [
          "ioredisTransport",
        ],
        "./transports/redis": [
          "redisTransport",
        ],
        "./transports/rest": [
          "restTransport",
        ],
        "./transports/upstash": [
          "upstashTransport",
        ],
        "./transports/vercel-kv": [
          "vercelKVTransport",
        ],
      }
    `)
  })

  it('stays within its size budgets (own code, minified and gzipped, bytes)', async () => {
    const budgets: Record<string, number> = {
      '.': 26_000,
      './proxy': 17_100,
      './transports/rest': 1_400,
      './transports/upstash': 1_400,
      './transports/vercel-kv': 1_400,
      './transports/ioredis': 1_400,
      './transports/redis': 1_400,
      './react': 3_000,
    }
    for (const entry of entries.filter((name) => name !== './testing')) {
      const { gzip } = await bundle(entry)
      expect({ entry, gzip: gzip <= (budgets[entry] ?? 0) ? 'within budget' : gzip }).toEqual({
        entry,
        gzip: 'within budget',
      })
    }
  })

  it('has an entry of its own for each subpath, named after it', () => {
    for (const entry of entries) {
      const path = entry === '.' ? 'index' : entry.slice(2)
      expect(manifest.exports[entry]).toEqual({ types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` })
    }
  })
})
