/**
 * Whether a state-changing request was made by a page of another site (CSRF). Decided by Fetch Metadata, which a page
 * can not forge; without it by Origin, which must be this site's (OWASP CSRF Prevention); `Origin: null` is nobody's.
 * A request with neither was not made by a browser's page. `X-Forwarded-Host` is never trusted: behind a proxy that
 * changes Host, give the instance its `origin`.
 */
export function isCrossSite(headers: Headers, origin: string | null): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const sender = headers.get('origin')
  if (sender === null) return false
  if (origin !== null) return sender !== origin
  return !URL.canParse(sender) || new URL(sender).host !== headers.get('host')
}
