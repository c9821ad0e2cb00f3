import { ConfigurationError } from '../errors.ts'
import { asReplyError, isKVReply, KVError, type KVReply, type KVTransport } from '../kv-transport.ts'
import { withScriptFlags } from '../script-flags.ts'

export interface RestTransportOptions {
  /** `https://….upstash.io`, or the address of a local KV. */
  readonly url: string
  /** The database's REST token. Never logged, never part of an error. */
  readonly token: string
  /** Default: the global `fetch`, looked up at each call. */
  readonly fetch?: typeof fetch
}

/**
 * Speaks the Upstash Redis REST protocol with `fetch`: Node, edge, browsers of the future. One request per call, no
 * retry, no auto-pipelining, no deserialisation, and errors that carry nothing of what was sent.
 *
 * @throws ConfigurationError unless `url` is http(s) without credentials and `token` is not empty.
 */
export function restTransport({ url, token, fetch: send }: RestTransportOptions): KVTransport {
  const base = parseBase(url)
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new ConfigurationError('the KV token must be printable ASCII text.')

  return withScriptFlags(async (commands, { atomic, signal }) => {
    const single = commands.length === 1
    const body = await post({
      send: send ?? fetch,
      url: base + (single ? '' : atomic ? '/multi-exec' : '/pipeline'),
      token,
      body: JSON.stringify(single ? commands[0] : commands),
      signal,
    })
    const items = single ? [body] : body
    if (!Array.isArray(items) || items.length !== commands.length) throw asError(body)
    return items.map(asReply)
  })
}

interface Post {
  readonly send: typeof fetch
  readonly url: string
  readonly token: string
  readonly body: string
  readonly signal: AbortSignal
}

async function post({ send, url, token, body, signal }: Post): Promise<unknown> {
  const init: RequestInit & { next: object } = {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
    signal,
    cache: 'no-store',
    // Not followed, and its status is an error; the runtimes of some edges know no `error` here.
    redirect: 'manual',
    // Next.js answers `no-store` reads from its data cache, and writes them to disk, in segments with
    // `fetchCache = 'force-cache'`. Requests marked internal go straight to the network.
    next: { internal: true },
  }
  let status: number
  let text: string
  try {
    const response = await send(url, init)
    status = response.status
    text = await response.text()
  } catch {
    throw new KVError(signal.aborted ? 'timeout' : 'network')
  }
  const parsed = parseJson(text)
  if (status === 429) throw new KVError('limited')
  if (status === 401 || status === 403) throw asRefusal(parsed, status)
  if (status < 200 || status > 299) throw asError(parsed, 'status')
  return parsed
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function asReply(item: unknown): KVReply {
  if (typeof item !== 'object' || item === null || !('result' in item) || !isKVReply(item.result))
    throw asError(item)
  return item.result
}

function asError(body: unknown, fallback: 'status' | 'protocol' = 'protocol'): KVError {
  const message = typeof body === 'object' && body !== null && 'error' in body ? body.error : null
  return typeof message === 'string' ? asReplyError(message) : new KVError(fallback)
}

/** Of credentials: by its status where no code of Redis says as much, so that it does not pass for any other failure. */
function asRefusal(body: unknown, status: number): KVError {
  const error = asError(body)
  const isTelling = error.kind === 'limited' || (error.reply ?? 'ERR') !== 'ERR'
  return isTelling ? error : new KVError('status', String(status))
}

function parseBase(url: string): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new ConfigurationError('the KV url is not a URL. Use the https:// address of the database.')
  }
  if (!/^https?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.password !== '') {
    throw new ConfigurationError(
      'the KV url must start with https:// (or http://) and hold no user name or password.',
    )
  }
  return parsed.href.replace(/\/+$/, '')
}
