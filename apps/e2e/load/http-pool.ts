import { Pool } from 'undici'

export interface Reply {
  readonly status: number
  readonly setCookies: readonly string[]
  readonly location: string
  readonly text: string
  readonly milliseconds: number
}

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly token?: string | null
  readonly body?: unknown
}

export interface HttpPool {
  /** Rejects only when there is no answer at all. */
  send(ask: Ask): Promise<Reply>
  close(): Promise<void>
}

/** Connections that are kept open, as those of a CDN in front of the app. */
export function openPool(origin: string, connections: number): HttpPool {
  const pool = new Pool(origin, { connections, headersTimeout: 30_000, bodyTimeout: 30_000 })
  return {
    async send({ method = 'GET', path, token, body }) {
      const headers: Record<string, string> = {}
      if (token !== undefined && token !== null) headers.cookie = `__Host-session=${token}`
      if (method !== 'GET') Object.assign(headers, { origin, 'sec-fetch-site': 'same-origin' })
      if (body !== undefined) headers['content-type'] = 'application/json'
      const started = performance.now()
      const reply = await pool.request({
        method,
        path,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await reply.body.text()
      return {
        status: reply.statusCode,
        setCookies: [reply.headers['set-cookie'] ?? []].flat(),
        location: [reply.headers.location ?? ''].flat().join(),
        text,
        milliseconds: performance.now() - started,
      }
    },
    close: () => pool.destroy(),
  }
}
