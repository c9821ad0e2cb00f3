/** An error of the API as problem+json (RFC 9457). */
export function problem(
  status: number,
  { title, code, headers }: { title: string; code: string; headers?: Record<string, string> },
): Response {
  return Response.json(
    { type: 'about:blank', title, status, code },
    { status, headers: { ...headers, 'content-type': 'application/problem+json' } },
  )
}
