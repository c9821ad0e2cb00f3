import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { authorize, requestUrl, type Tokens, UNAUTHORIZED } from './authorization.ts'
import { BODY_TOO_LARGE, readBody } from './body.ts'
import type { Access } from './command-policy.ts'
import { send } from './delivery.ts'
import { streamCommand } from './event-stream.ts'
import { FOREIGN_HOST, isLoopbackHost } from './loopback.ts'
import { problem } from './reply-encoding.ts'
import { parseRestRequest, type RestRequest } from './rest-request.ts'
import type { StatsCounter } from './stats.ts'

/** A request that passed every check, with the socket side of it. */
export interface Exchange {
  readonly request: RestRequest
  readonly access: Access
  readonly response: ServerResponse
}

export interface HttpFrontOptions extends Tokens {
  readonly stats: StatsCounter
  /** A sync token for the answers that are given before any command runs. */
  readonly syncToken: () => string
  /** Runs the commands and answers. */
  readonly answer: (exchange: Exchange) => Promise<void>
  /** Answers a subscription for as long as the client stays. */
  readonly stream: (command: readonly string[], response: ServerResponse) => Promise<void>
}

/** The Upstash REST protocol up to the point where the commands are known. */
export function createHttpFront(options: HttpFrontOptions): RequestListener {
  return (request, response) => {
    serve(options, { request, response }).catch((error: unknown) => {
      if (response.destroyed || response.headersSent) return void response.destroy()
      const message = error instanceof Error ? error.message : 'local-kv: the request failed.'
      send(response, { reply: problem(500, message), syncToken: options.syncToken() })
    })
  }
}

interface Received {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

async function serve(options: HttpFrontOptions, { request, response }: Received): Promise<void> {
  const countCommands = options.stats.request()
  const refuse = (status: number, message: string) =>
    send(response, { reply: problem(status, message), syncToken: options.syncToken() })

  if (!isLoopbackHost(request.headers.host)) return refuse(403, FOREIGN_HOST)
  const access = authorize(request, options)
  if (!access) return refuse(401, UNAUTHORIZED)
  const url = requestUrl(request)
  const method = request.method ?? 'GET'
  if (!METHODS.has(method)) return refuse(405, 'ERR method not allowed')
  const body = await readBody(request)
  if (!body) return refuse(413, BODY_TOO_LARGE)
  const subscription = streamCommand(url)
  if (subscription) {
    countCommands([subscription])
    if (access === 'read-only') return refuse(400, 'NOPERM this user has no permissions to subscribe')
    return options.stream(subscription, response)
  }
  const parsed = parseRestRequest({ method, url, headers: request.headers, body })
  if ('error' in parsed) return refuse(parsed.status, parsed.error)
  countCommands(parsed.commands)
  await options.answer({ request: parsed, access, response })
}

const METHODS = new Set(['GET', 'POST', 'PUT', 'HEAD'])
