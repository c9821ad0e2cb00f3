import type { ResolveHook } from 'node:module'
import { serverSpecifier } from '../scale/next-specifiers.ts'

/** As `next-specifiers`, and with our own request context in the place of Next.js'. */
export const resolve: ResolveHook = (specifier, context, nextResolve) =>
  specifier === 'next/headers.js'
    ? { url: new URL('request-context.js', import.meta.url).href, shortCircuit: true }
    : nextResolve(serverSpecifier(specifier), context)
