/** A signed-in browser, as far as its cookies go. */
export interface Visitor {
  readonly userId: string
  readonly cookie: string
}

export async function signIn(origin: string): Promise<Visitor> {
  const ask = () => fetch(`${origin}/api/test/sign-in`, { method: 'POST' })
  const first = await ask()
  // KV may have been too slow, on a machine that is busy with other things.
  const response = first.status >= 500 ? await ask() : first
  if (!response.ok) throw new Error(`Signing in at ${origin}: ${response.status} ${await response.text()}`)
  const body: unknown = await response.json()
  const cookies = response.headers.getSetCookie().map((line) => line.split(';', 1)[0] ?? '')
  return { userId: (body as { userId: string }).userId, cookie: cookies.join('; ') }
}

export async function revoke(origin: string, visitor: Visitor): Promise<void> {
  const response = await get(`${origin}/api/test/revoke`, { method: 'POST', cookie: visitor.cookie })
  if (!response.ok) throw new Error(`Revoking at ${origin}: ${response.status} ${await response.text()}`)
}

export function get(
  url: string,
  { method = 'GET', cookie }: { readonly method?: string; readonly cookie: string | null },
): Promise<Response> {
  const headers: Record<string, string> = cookie === null ? {} : { cookie }
  return fetch(url, { method, headers, redirect: 'manual' })
}

/** A visitor whose every cookie had a character changed in its middle. */
export function forged({ userId, cookie }: Visitor): Visitor {
  const cookies = cookie.split('; ').map((pair) => {
    const at = pair.indexOf('=') + 1 + Math.floor((pair.length - pair.indexOf('=')) / 2)
    const other = pair[at] === 'A' ? 'B' : 'A'
    return pair.slice(0, at) + other + pair.slice(at + 1)
  })
  return { userId, cookie: cookies.join('; ') }
}
