/** Forgets what this process remembers of tokens, identities and touches, as a restart does. For new instances only. */
export function forgetMemos(): void {
  const scope = globalThis as Record<symbol, unknown>
  for (const symbol of Object.getOwnPropertySymbols(scope))
    if (symbol.description?.startsWith('edge-session.memo.')) delete scope[symbol]
}
