/**
 * What Next.js answers when a route handler calls `redirect()`, `notFound()`, `forbidden()` or `unauthorized()`, which
 * throw; `null` for any other error. Next.js' own answer has no headers of ours, and to the latter three no cookies
 * either. Format: `next/dist/client/components/{redirect,http-access-fallback}`, in Next.js 15 and 16.
 */
export function answerThrown(error: unknown, request: Request): Response | null {
  const digest = typeof error === 'object' && error !== null && 'digest' in error ? String(error.digest) : ''
  const [, refused] = /^NEXT_HTTP_ERROR_FALLBACK;(40[134])$/.exec(digest) ?? []
  if (refused !== undefined) return new Response(null, { status: Number(refused) })
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
