import type { ResolveHook } from 'node:module'

/** As Next.js' own build resolves them for code that runs on a server. */
export const resolve: ResolveHook = (specifier, context, nextResolve) =>
  nextResolve(serverSpecifier(specifier), context)

export function serverSpecifier(specifier: string): string {
  if (specifier === 'next/navigation') return 'next/dist/client/components/navigation.react-server.js'
  return /^next\/[\w-]+$/.test(specifier) ? `${specifier}.js` : specifier
}
