import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { ROOT } from '../scale/repository.ts'
import { BENCHMARKS, proxyModuleOf } from './build-variant.ts'
import type { Variant } from './variants.ts'

/** Bytes of edge-session/proxy without the libraries it imports: minified by esbuild, then gzip. */
export async function ownProxySize(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'packages/edge-session/dist/proxy.js')],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    packages: 'external',
    logLevel: 'error',
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
}

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
