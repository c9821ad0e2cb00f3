import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { checkReply } from './every-reply.ts'

export interface Reply {
  readonly status: number
  /** Lower-case names; several values of one name joined by ", ". Without Set-Cookie. */
  readonly headers: Readonly<Record<string, string>>
  readonly setCookies: readonly string[]
  readonly text: string
  /** Until the last byte. */
  readonly milliseconds: number
  json<Body = Readonly<Record<string, unknown>>>(): Body
}

export interface Outgoing {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string
  /** Next.js itself may fail on this one: 500 is no error of ours. Everything else holds all the same. */
  readonly mayFail?: boolean
}

/** One request on a connection of its own, exactly as given: no header of a browser, no redirect followed. */
export async function send(url: string, outgoing: Outgoing = {}): Promise<Reply> {
  const started = performance.now()
  const { origin, host, port, path } = split(url)
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const { method = 'GET', body } = outgoing
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const headers = { ...length, ...outgoing.headers } as Record<string, string>
    const sent: ClientRequest = request({ host, port, path, method, headers, agent: false }, resolve)
    sent.on('error', reject)
    sent.end(body)
  })
  const text = await readAll(message)
  const reply: Reply = {
    status: message.statusCode ?? 0,
    headers: joined(message.headers),
    setCookies: message.headers['set-cookie'] ?? [],
    text,
    milliseconds: performance.now() - started,
    json: <Body>() => JSON.parse(text) as Body,
  }
  checkReply(reply, `${outgoing.method ?? 'GET'} ${url.slice(origin.length)}`)
  if (reply.status >= 500 && reply.status !== 503 && outgoing.mayFail !== true)
    throw new Error(`${url.slice(origin.length)} answers ${reply.status}: ${text.slice(0, 500)}`)
  return reply
}

/** Not `URL`: it would normalise the path, which is often what is under test. */
function split(url: string): { origin: string; host: string; port: string; path: string } {
  const [origin = '', host = '', port = ''] = /^http:\/\/([^/:]+):(\d+)/.exec(url) ?? []
  return { origin, host, port, path: url.slice(origin.length) || '/' }
}

async function readAll(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function joined(headers: IncomingMessage['headers']): Record<string, string> {
  const { 'set-cookie': _, ...others } = headers
  return Object.fromEntries(Object.entries(others).map(([name, value]) => [name, [value].flat().join(', ')]))
}
