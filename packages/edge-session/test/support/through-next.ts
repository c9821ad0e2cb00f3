import { createRequire } from 'node:module'
import type { NextFetchEvent, NextRequest } from 'next/server.js'

const require = createRequire(import.meta.url)

/** Next.js' own way of calling a proxy: with its own kind of request, which no app can make. */
export async function throughNext(
  proxy: (request: NextRequest, event: NextFetchEvent) => Promise<Response>,
  { url, headers = {}, body, ...request }: NextCall,
): Promise<Response> {
  const { adapter } = require('next/dist/server/web/adapter') as { adapter: Adapter }
  const stream = body === undefined ? undefined : new Response(body).body
  const call = { method: 'GET', nextConfig: {}, ...request, url, headers, body: stream }
  const { response, waitUntil } = await adapter({ page: '/proxy', handler: proxy, request: call })
  await waitUntil
  return response
}

export interface NextCall {
  readonly url: string
  readonly headers?: Record<string, string>
  readonly method?: string
  readonly body?: string
  /** What of next.config.ts a proxy gets to know. */
  readonly nextConfig?: {
    readonly basePath?: string
    readonly trailingSlash?: boolean
    readonly i18n?: { readonly locales: readonly string[]; readonly defaultLocale: string }
  }
}

type Adapter = (call: object) => Promise<{ response: Response; waitUntil: Promise<unknown> }>
