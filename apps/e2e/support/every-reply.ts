import type { Reply } from './http.ts'

const COOKIE = /^(?:__Host-)?session(?:-snapshot)?=([^;]*)/

const issued = new Set<string>()

/** Every token, and every snapshot, that any response of this test file has set. */
export function issuedTokens(): ReadonlySet<string> {
  return issued
}

/** What holds for every response of the app, whatever was asked. Throws otherwise. */
export function checkReply(
  { headers, setCookies, text }: Pick<Reply, 'status' | 'headers' | 'setCookies' | 'text'>,
  request: string,
): void {
  const names = setCookies.map((cookie) => cookie.slice(0, cookie.indexOf('=')))
  if (new Set(names).size !== names.length) fail(request, `sets a cookie twice: ${names.join(', ')}`)
  const cacheControl = headers['cache-control'] ?? ''
  // Next.js itself sets what it answers to a server action, without "private".
  const neverStored = /^(?:GET|HEAD) /.test(request)
    ? isPrivate(cacheControl)
    : /\bno-store\b/.test(cacheControl)
  for (const ours of setCookies.filter((cookie) => COOKIE.test(cookie))) {
    const token = COOKIE.exec(ours)?.[1] ?? ''
    if (token !== '') issued.add(token)
    if (!neverStored) fail(request, `sets our cookie with Cache-Control "${cacheControl}"`)
    if (!/; HttpOnly/i.test(ours) || !/; SameSite=/i.test(ours) || !/; Path=\/(;|$)/i.test(ours))
      fail(request, 'sets a cookie without HttpOnly, SameSite or Path')
    if (ours.startsWith('__Host-') && (!/; Secure/i.test(ours) || /; Domain=/i.test(ours)))
      fail(request, 'sets a __Host- cookie that browsers refuse')
  }
  if (/secret:\w/.test(text) && !neverStored)
    fail(request, `answers a secret with Cache-Control "${cacheControl}"`)
  for (const name of Object.keys(headers)) {
    // The three exceptions are Next.js' own.
    if (/^(?:x-user-id|x-edge-session|x-middleware-(?!rewrite$|next$|skip$))/.test(name))
      fail(request, `answers with the internal header ${name}`)
  }
  const said = `${Object.values(headers).join('\n')}\n${text}`
  for (const token of issued)
    if (said.includes(token)) fail(request, 'answers with a token in its headers or its body')
}

export function isPrivate(cacheControl: string): boolean {
  return /\bprivate\b/.test(cacheControl) && /\bno-store\b/.test(cacheControl)
}

function fail(request: string, what: string): never {
  throw new Error(`${request} ${what}`)
}
