import type { ServerResponse } from 'node:http'
import type { Engine } from './engine.ts'
import { createReplyReader, encodeCommands, type Reply } from './resp.ts'

/** The path of a subscription, which is answered with server-sent events: its command and channels. */
export function streamCommand(url: URL): readonly string[] | null {
  const [name = '', ...channels] = url.pathname.split('/').slice(1)
  if (name === 'monitor' && channels.length === 0) return ['MONITOR']
  if ((name !== 'subscribe' && name !== 'psubscribe') || channels.length === 0) return null
  try {
    return [name.toUpperCase(), ...channels.map(decodeURIComponent)]
  } catch {
    return null
  }
}

/** Sends what the engine publishes until the client leaves, over a connection of its own. */
export async function streamEvents(options: {
  readonly engine: Engine
  readonly command: readonly string[]
  readonly response: ServerResponse
  readonly syncToken: string
  readonly signal: AbortSignal
}): Promise<void> {
  const { engine, command, response, syncToken, signal } = options
  const stream = await engine.connect()
  if (response.closed) return void stream.destroy()
  const end = () => {
    signal.removeEventListener('abort', end)
    stream.destroy()
    response.destroy()
  }
  stream.on('error', end)
  stream.on('close', end)
  response.on('close', end)
  signal.addEventListener('abort', end, { once: true })
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'upstash-sync-token': syncToken,
  })
  stream.on(
    'data',
    createReplyReader((reply) => {
      const lines = text(reply).split(/\r\n|\r|\n/)
      response.write(`${lines.map((line) => `data: ${line}`).join('\n')}\n\n`)
    }),
  )
  stream.write(encodeCommands([command]))
}

/** Clients split at the first commas: kind, channel, payload. */
function text(reply: Reply): string {
  switch (reply.kind) {
    case 'array':
      return reply.items.map(text).join(',')
    case 'bulk':
      return reply.bytes.toString()
    case 'integer':
      return reply.digits
    case 'status':
      return JSON.stringify(reply.text)
    case 'error':
      return JSON.stringify({ error: reply.message })
    case 'nil':
      return ''
  }
}
