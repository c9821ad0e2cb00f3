import { fileURLToPath } from 'node:url'
import { extent } from './extent.ts'

/** The demo as one kind of user would have it. */
export interface Variant {
  readonly name: string
  /** The file the proxy stands in; `null`: it was deleted. */
  readonly convention: 'proxy.ts' | 'middleware.ts' | null
  readonly next: '16' | '15'
  /** The demo as published, without what only the tests add: some pages, and passwords that cost nothing to check. */
  readonly asPublished?: true
}

export const NEXT_16_PROXY: Variant = { name: 'next16-proxy', convention: 'proxy.ts', next: '16' }
export const NEXT_16_EDGE: Variant = { name: 'next16-middleware', convention: 'middleware.ts', next: '16' }
export const NEXT_15_EDGE: Variant = { name: 'next15-middleware', convention: 'middleware.ts', next: '15' }
export const AS_PUBLISHED: Variant = {
  name: 'next16-as-published',
  convention: 'proxy.ts',
  next: '16',
  asPublished: true,
}
export const NO_PROXY: Variant = { name: 'next16-no-proxy', convention: null, next: '16' }

/** Where the whole contract holds; `npm test` builds one of them. */
export const GUARDED: readonly Variant[] =
  extent === 'short' ? [NEXT_16_PROXY] : [NEXT_16_PROXY, NEXT_16_EDGE, NEXT_15_EDGE]
export const ALL: readonly Variant[] = [...GUARDED, NO_PROXY]

export const E2E = fileURLToPath(new URL('..', import.meta.url))
export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))

/** Where a variant is built. */
export function directoryOf(variant: Variant): string {
  return `${E2E}.variants/${variant.name}`
}
