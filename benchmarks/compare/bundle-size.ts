import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { BENCHMARKS, proxyModuleOf } from './build-variant.ts'
import type { Variant } from './variants.ts'

/** Bytes of a variant's proxy with all it imports but Next.js and React: minified by esbuild, then gzip. */
export async function bundleSize(variant: Variant): Promise<number | null> {
  if (variant.convention === null) return null
  const { outputFiles } = await build({
    stdin: {
      contents: `export { proxy } from '${proxyModuleOf(variant)}'`,
      resolveDir: join(BENCHMARKS, 'layers'),
    },
    alias: {
      '@/layer': join(BENCHMARKS, 'layers', variant.layer),
      '@/protected': join(BENCHMARKS, 'site/protected.ts'),
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['react-server', 'edge-light', 'worker'],
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['next', 'next/*', 'react', 'react-dom', 'node:*', ...builtinModules],
    logLevel: 'error',
  })
  const [output] = outputFiles
  return output === undefined ? null : gzipSync(output.contents, { level: 9 }).length
}
