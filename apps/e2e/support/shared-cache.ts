import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A caching reverse proxy in front of an app. */
export interface SharedCache {
  readonly origin: string
  /** Forgets everything it has stored. */
  clear(): void
  stop(): Promise<void>
}

interface Stored {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Buffer
}

/**
 * As careless as shared caches come: one answer per method and URL for everybody, whatever `Vary` says, `Set-Cookie` and
 * all, for as long as it lives. It keeps what may be kept for any time by anyone, and a GET's answer that says nothing
 * about it. Says `x-cache: hit` on what it answers by itself.
 */
export async function startSharedCache(target: string): Promise<SharedCache> {
  const stored = new Map<string, Stored>()
  const server = createServer((incoming, outgoing) => {
    answer({ incoming, target, stored }).then(
      (reply) => write(outgoing, reply),
      () => outgoing.destroy(),
    )
  })
  const { hostname } = new URL(target)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, hostname, resolve)
  })
  return {
    origin: `http://${hostname}:${(server.address() as AddressInfo).port}`,
    clear: () => stored.clear(),
    stop: () => close(server),
  }
}

async function answer(context: {
  incoming: IncomingMessage
  target: string
  stored: Map<string, Stored>
}): Promise<{ reply: Stored; hit: boolean }> {
  const { incoming, stored } = context
  const key = `${incoming.method} ${incoming.url}`
  const body = await readAll(incoming)
  const known = stored.get(key)
  if (known !== undefined) return { reply: known, hit: true }
  const { message, reply } = await forward({ ...context, body })
  if (mayKeep(incoming, message)) stored.set(key, reply)
  return { reply, hit: false }
}

async function forward(context: {
  incoming: IncomingMessage
  target: string
  body: Buffer
}): Promise<{ message: IncomingMessage; reply: Stored }> {
  const { incoming, body } = context
  const { hostname, port } = new URL(context.target)
  const { method = 'GET', url: path = '/', headers } = incoming
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, resolve)
    sent.on('error', reject)
    sent.end(body)
  })
  const reply = {
    status: message.statusCode ?? 502,
    headers: endToEnd(message),
    body: await readAll(message),
  }
  return { message, reply }
}

function mayKeep({ method = 'GET' }: IncomingMessage, message: IncomingMessage): boolean {
  const cacheControl = (message.headers['cache-control'] ?? '').toLowerCase()
  if (cacheControl === '') return method === 'GET' && (message.statusCode ?? 0) < 500
  if (/\b(?:no-store|no-cache|private)\b/.test(cacheControl)) return false
  const [, seconds] = /\bs-maxage=(\d+)/.exec(cacheControl) ?? /\bmax-age=(\d+)/.exec(cacheControl) ?? []
  return seconds === undefined ? /\bpublic\b/.test(cacheControl) : Number(seconds) > 0
}

/** Names and values in turn, several of one name apart. */
function endToEnd({ rawHeaders }: IncomingMessage): readonly string[] {
  return rawHeaders.filter(
    (_, i) =>
      !/^(?:connection|keep-alive|transfer-encoding|content-length)$/i.test(rawHeaders[i - (i % 2)] ?? ''),
  )
}

function write(outgoing: ServerResponse, { reply, hit }: { reply: Stored; hit: boolean }): void {
  const { status, headers, body } = reply
  outgoing.writeHead(status, [...headers, 'x-cache', hit ? 'hit' : 'miss'])
  outgoing.end(body)
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
