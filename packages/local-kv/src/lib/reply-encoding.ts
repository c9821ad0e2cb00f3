import type { BatchResult } from './database.ts'
import { encodeReply, type Reply } from './resp.ts'
import type { RestRequest } from './rest-request.ts'

export interface EncodedReply {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
}

/** The HTTP answer for what the engine said. An error of a pipeline's item is part of a 200. */
export function encodeResult(request: RestRequest, result: BatchResult): EncodedReply {
  if ('kind' in result) return problem(400, result.message)
  const [first] = result
  if (request.form === 'single' && first?.kind === 'error') return problem(400, first.message)
  if (request.resp2) {
    const body =
      request.form === 'single' && first ? encodeReply(first) : encodeReply({ kind: 'array', items: result })
    return { status: 200, contentType: 'application/octet-stream', body }
  }
  const items = result.map((reply) => item(reply, request.base64))
  return json(200, request.form === 'single' ? (items[0] ?? '{"result":null}') : `[${items.join(',')}]`)
}

/** An `{ "error": … }` answer. */
export function problem(status: number, message: string): EncodedReply {
  return json(status, JSON.stringify({ error: message }))
}

export function json(status: number, text: string): EncodedReply {
  return { status, contentType: 'application/json', body: Buffer.from(text) }
}

function item(reply: Reply, base64: boolean): string {
  if (reply.kind === 'error') return JSON.stringify({ error: reply.message })
  // The clients take a top-level "OK" literally and decode everything else, a nested "OK" included.
  if (reply.kind === 'status' && reply.text === 'OK') return '{"result":"OK"}'
  return `{"result":${value(reply, base64)}}`
}

/** JSON by hand: digits are printed as they came, since a number would lose those beyond 2^53. */
function value(reply: Reply, base64: boolean): string {
  switch (reply.kind) {
    case 'nil':
      return 'null'
    case 'integer':
      return reply.digits
    case 'array':
      return `[${reply.items.map((nested) => value(nested, base64)).join(',')}]`
    case 'status':
      return text(Buffer.from(reply.text), base64)
    case 'error':
      return text(Buffer.from(reply.message), base64)
    case 'bulk':
      return text(reply.bytes, base64)
  }
}

function text(bytes: Buffer, base64: boolean): string {
  return JSON.stringify(bytes.toString(base64 ? 'base64' : 'utf8'))
}
