import { revoke } from '@/layer/session'

/** Ends the session of the request on the server, as far as the library can. Nobody keeps its answer's cookies. */
export async function POST(): Promise<Response> {
  await revoke()
  return Response.json({ revoked: true })
}
