/**
 * What Next.js answers when a route handler calls `redirect()`, which throws; `null` for any other error. A redirect that
 * is thrown on gets no headers of ours. Format: `next/dist/client/components/redirect`, in Next.js 15 and 16.
 */
export function redirectThrown(error: unknown, request: Request): Response | null {
  const digest = typeof error === 'object' && error !== null && 'digest' in error ? String(error.digest) : ''
  const [, location, given] = /^NEXT_REDIRECT;\w+;(.+);(30[378]);$/.exec(digest) ?? []
  if (location === undefined) return null
  const status = isPostedForm(request) ? 303 : Number(given)
  return new Response(null, { status, headers: { location } })
}

/** A form is not posted again, with all that was typed into it, where it is sent on to. */
function isPostedForm({ method, headers }: Request): boolean {
  const type = headers.get('content-type') ?? ''
  const isForm = /^(application\/x-www-form-urlencoded|multipart\/form-data)/.test(type)
  return method === 'POST' && (isForm || headers.has('next-action'))
}
