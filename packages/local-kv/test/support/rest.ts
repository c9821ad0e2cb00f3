import type { LocalKV } from '../../src/index.ts'

export interface RestOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly path?: string
}

/** A plain REST request with the token of the server. */
export function rest(
  kv: LocalKV,
  { body, headers, method = 'POST', path = '/' }: RestOptions = {},
): Promise<Response> {
  const init: RequestInit = { method, headers: { authorization: `Bearer ${kv.token}`, ...headers } }
  if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(`${kv.url}${path}`, init)
}

/** Sends one command and gives the body of the answer as text. */
export async function restText(kv: LocalKV, ...command: readonly unknown[]): Promise<string> {
  return (await rest(kv, { body: command })).text()
}

/** Why a fetch failed, as the code of the underlying network error. */
export async function failureOf(request: Promise<Response>): Promise<string> {
  try {
    await (await request).text()
    return 'no failure'
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  }
}

/** The body of an answer, read as JSON. */
export async function answerOf(
  response: Promise<Response> | Response,
): Promise<{ result?: unknown; error?: string }> {
  return JSON.parse(await (await response).text())
}
