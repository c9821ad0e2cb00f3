/** One argument of a command: text is sent as UTF-8, bytes as they are. */
export type Argument = string | Uint8Array

/** A command: its name, then its arguments. */
export type Command = readonly Argument[]

/** A RESP2 reply. Integers keep their digits, because 64 bits do not fit a JavaScript number. */
export type Reply =
  | { readonly kind: 'status'; readonly text: string }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'integer'; readonly digits: string }
  | { readonly kind: 'bulk'; readonly bytes: Buffer }
  | { readonly kind: 'nil' }
  | { readonly kind: 'array'; readonly items: readonly Reply[] }

export type ErrorReply = Extract<Reply, { kind: 'error' }>

/** All commands in one buffer, so that nothing can come between them on a shared connection. */
export function encodeCommands(commands: readonly Command[]): Buffer {
  const parts: Buffer[] = []
  for (const command of commands) {
    parts.push(Buffer.from(`*${command.length}\r\n`))
    for (const argument of command) {
      const bytes = typeof argument === 'string' ? Buffer.from(argument) : argument
      parts.push(Buffer.from(`$${bytes.length}\r\n`), Buffer.from(bytes), CRLF)
    }
  }
  return Buffer.concat(parts)
}

/** The reply in RESP2 again, for `Upstash-Response-Format: resp2`. */
export function encodeReply(reply: Reply): Buffer {
  switch (reply.kind) {
    case 'status':
      return Buffer.from(`+${reply.text}\r\n`)
    case 'error':
      return Buffer.from(`-${reply.message}\r\n`)
    case 'integer':
      return Buffer.from(`:${reply.digits}\r\n`)
    case 'nil':
      return Buffer.from('$-1\r\n')
    case 'bulk':
      return Buffer.concat([Buffer.from(`$${reply.bytes.length}\r\n`), reply.bytes, CRLF])
    case 'array':
      return Buffer.concat([Buffer.from(`*${reply.items.length}\r\n`), ...reply.items.map(encodeReply)])
  }
}

/** A function to feed with chunks as they arrive; it calls `onReply` once per complete reply. */
export function createReplyReader(onReply: (reply: Reply) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = []
  let length = 0
  let needed = 0

  return (chunk) => {
    chunks.push(chunk)
    length += chunk.length
    // A large bulk string comes in many chunks: joining them each time would be quadratic.
    if (length < needed) return
    const buffer = chunks.length === 1 ? chunk : Buffer.concat(chunks, length)
    let start = 0
    needed = 0
    while (start < buffer.length) {
      const parsed = parseReply(buffer, start)
      if ('needed' in parsed) {
        needed = parsed.needed - start
        break
      }
      start = parsed.end
      onReply(parsed.reply)
    }
    const rest = buffer.subarray(start)
    chunks = rest.length > 0 ? [rest] : []
    length = rest.length
  }
}

const CRLF = Buffer.from('\r\n')

type Parsed = { readonly reply: Reply; readonly end: number } | { readonly needed: number }

function parseReply(buffer: Buffer, start: number): Parsed {
  const lineEnd = buffer.indexOf(CRLF, start)
  if (lineEnd === -1) return { needed: buffer.length + 1 }
  const line = buffer.toString('utf8', start + 1, lineEnd)
  const end = lineEnd + 2
  switch (String.fromCharCode(buffer[start] ?? 0)) {
    case '+':
      return { reply: { kind: 'status', text: line }, end }
    case '-':
      return { reply: { kind: 'error', message: line }, end }
    case ':':
      return { reply: { kind: 'integer', digits: line }, end }
    case '$':
      return parseBulk({ buffer, start: end, length: Number(line) })
    case '*':
      return parseArray({ buffer, start: end, count: Number(line) })
    default:
      throw new Error('local-kv: the engine sent something that is not RESP2. Check the --redis URL.')
  }
}

function parseBulk({ buffer, start, length }: { buffer: Buffer; start: number; length: number }): Parsed {
  if (length < 0) return { reply: { kind: 'nil' }, end: start }
  const end = start + length
  if (buffer.length < end + 2) return { needed: end + 2 }
  // A copy: the chunk it was cut from must not stay in memory for it.
  return { reply: { kind: 'bulk', bytes: Buffer.from(buffer.subarray(start, end)) }, end: end + 2 }
}

function parseArray({ buffer, start, count }: { buffer: Buffer; start: number; count: number }): Parsed {
  if (count < 0) return { reply: { kind: 'nil' }, end: start }
  const items: Reply[] = []
  let end = start
  while (items.length < count) {
    if (end >= buffer.length) return { needed: buffer.length + 1 }
    const parsed = parseReply(buffer, end)
    if ('needed' in parsed) return parsed
    items.push(parsed.reply)
    end = parsed.end
  }
  return { reply: { kind: 'array', items }, end }
}
