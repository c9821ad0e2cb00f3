import type { IncomingMessage } from 'node:http'

/** What Upstash accepts on its smaller plans. */
export const BODY_LIMIT_BYTES: number = 10 * 1024 * 1024

export const BODY_TOO_LARGE: string = `ERR max request size exceeded. Limit: ${BODY_LIMIT_BYTES} bytes`

/** The whole body, or null if it is over the limit; the rest of such a body is thrown away unread. */
export async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= BODY_LIMIT_BYTES) chunks.push(chunk)
    else chunks.length = 0
  }
  return length > BODY_LIMIT_BYTES ? null : Buffer.concat(chunks)
}
