let warned = false

/** Once per process: until it is mended nobody can sign in, and nobody is recognised, however well everything else works. */
export function warnOfRefusedCredentials(code: string | null): void {
  if (warned || !['WRONGPASS', 'NOAUTH', 'NOPERM', '401', '403'].includes(code ?? '')) return
  warned = true
  console.error(
    `edge-session: KV refuses this app (${code}), so no session is known. Check the token or password of KV, and what it is allowed to do.`,
  )
}
