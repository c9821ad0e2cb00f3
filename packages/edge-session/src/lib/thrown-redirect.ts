/**
 * What Next.js answers when a route handler calls `redirect()`, which throws; `null` for any other error. A redirect that
 * is thrown on gets no headers of ours. Format: `next/dist/client/components/redirect`, in Next.js 15 and 16.
 */
export function redirectThrown(error: unknown): Response | null {
  const digest = typeof error === 'object' && error !== null && 'digest' in error ? String(error.digest) : ''
  const [, location, status] = /^NEXT_REDIRECT;\w+;(.+);(30[378]);$/.exec(digest) ?? []
  return location === undefined ? null : new Response(null, { status: Number(status), headers: { location } })
}
