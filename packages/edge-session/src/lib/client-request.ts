import { PASSIVE_HEADER } from './passive-header.ts'

/** `code` of a problem+json; `ERR_NO_ANSWER` for whatever did not come from our handlers. */
export type Answer =
  | { readonly code: null; readonly body: object; readonly clockAhead: number }
  | { readonly code: string }

/** Asks one of our endpoints. Never rejects. */
export async function request(
  endpoint: string,
  { method = 'GET', passive = false }: { method?: string; passive?: boolean } = {},
): Promise<Answer> {
  try {
    const response = await fetch(endpoint, {
      method,
      cache: 'no-store',
      headers: passive ? { [PASSIVE_HEADER]: '1' } : {},
      signal: AbortSignal.timeout(10_000),
    })
    const body: { readonly code?: string } = response.status === 204 ? {} : await response.json()
    if (!response.ok) return { code: body.code ?? 'ERR_NO_ANSWER' }
    return { code: null, body, clockAhead: aheadOfUs(response.headers.get('date')) }
  } catch {
    // Offline, timed out, or a page instead of JSON: nothing is known, and the caller says so.
    return { code: 'ERR_NO_ANSWER' }
  }
}

/** Milliseconds, to the second; 0 if the server does not tell the time. */
function aheadOfUs(date: string | null): number {
  return date === null ? 0 : Date.parse(date) - Date.now() || 0
}
