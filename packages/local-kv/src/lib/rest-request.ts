import type { IncomingHttpHeaders } from 'node:http'
import type { Argument, Command } from './resp.ts'

/** One HTTP request of the Upstash REST protocol, understood. */
export interface RestRequest {
  readonly form: 'single' | 'pipeline' | 'multi-exec'
  readonly commands: readonly Command[]
  /** Strings in the answer are base64 (`Upstash-Encoding: base64`). */
  readonly base64: boolean
  /** The answer is RESP2 instead of JSON (`Upstash-Response-Format: resp2`). */
  readonly resp2: boolean
  readonly syncToken: string
}

/** Why a request cannot be run, with the status to answer. */
export interface RestProblem {
  readonly status: number
  readonly error: string
}

export interface RawRequest {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export function parseRestRequest(raw: RawRequest): RestRequest | RestProblem {
  const segments = pathSegments(raw.url)
  if (segments === null)
    return { status: 400, error: 'ERR failed to parse command: the path is not valid percent-encoding' }
  const form = segments.length === 1 ? FORMS.get(segments[0] ?? '') : undefined
  const commands = form ? parseBatch(raw) : parseSingle(raw, segments)
  if ('error' in commands) return commands
  return {
    form: form ?? 'single',
    commands,
    base64: header(raw.headers, 'upstash-encoding').toLowerCase() === 'base64',
    resp2: header(raw.headers, 'upstash-response-format').toLowerCase() === 'resp2',
    syncToken: header(raw.headers, 'upstash-sync-token'),
  }
}

const FORMS: ReadonlyMap<string, RestRequest['form']> = new Map([
  ['pipeline', 'pipeline'],
  ['multi-exec', 'multi-exec'],
])

function parseBatch({ method, body }: RawRequest): readonly Command[] | RestProblem {
  if (method !== 'POST' && method !== 'PUT') return { status: 405, error: 'ERR method not allowed' }
  const parsed = parseJson(body)
  if (!Array.isArray(parsed) || parsed.length === 0) {
    return {
      status: 400,
      error: 'ERR failed to parse pipeline request: expected a non-empty array of commands',
    }
  }
  const commands = parsed.map(toCommand)
  if (!commands.every((command) => command !== null)) {
    return { status: 400, error: 'ERR failed to parse pipeline request: every command is a non-empty array' }
  }
  return commands
}

function parseSingle(
  { method, url, body }: RawRequest,
  segments: readonly string[],
): readonly Command[] | RestProblem {
  if (segments.length === 0) {
    if (method !== 'POST' && method !== 'PUT') return { status: 400, error: 'ERR empty command' }
    const command = toCommand(parseJson(body))
    return command
      ? [command]
      : { status: 400, error: 'ERR failed to parse command: expected a non-empty array' }
  }
  const command: Argument[] = [...segments]
  if (body.length > 0) command.push(body)
  for (const [name, value] of url.searchParams) {
    if (name === '_token') continue
    command.push(name)
    if (value !== '') command.push(value)
  }
  return [command]
}

function pathSegments(url: URL): readonly string[] | null {
  const path = url.pathname.replace(/^\/|\/$/g, '')
  if (path === '') return []
  try {
    return path.split('/').map(decodeURIComponent)
  } catch {
    return null
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

function toCommand(parsed: unknown): Command | null {
  if (!Array.isArray(parsed) || parsed.length === 0 || typeof parsed[0] !== 'string') return null
  return parsed.map((argument: unknown) =>
    typeof argument === 'string' ? argument : JSON.stringify(argument),
  )
}

function header(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}
