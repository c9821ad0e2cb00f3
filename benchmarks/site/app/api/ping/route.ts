export const dynamic = 'force-dynamic'

/** Never asks who it is: what a request costs here is what the proxy costs. */
export function GET(): Response {
  return Response.json({ pong: true })
}
