import {
  AppRouterContext,
  type AppRouterInstance,
} from 'next/dist/shared/lib/app-router-context.shared-runtime.js'
import { act, type ReactNode, StrictMode } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { vi } from 'vitest'
import type { ClientSession } from '../../src/react.ts'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

/** The endpoints as a page's fetch sees them. Without an answer prepared, they are offline. */
export interface Endpoints {
  readonly asked: { readonly method: string; readonly path: string; readonly passive: boolean }[]
  /** What is answered from now on. */
  answer: (path: string, method: string) => Response | Promise<Response>
}

export function stubEndpoints(): Endpoints {
  const endpoints: Endpoints = {
    asked: [],
    answer: () => Promise.reject(new TypeError('fetch failed')),
  }
  vi.stubGlobal('fetch', async (path: string, { method = 'GET', headers }: RequestInit) => {
    const passive = new Headers(headers).has('x-edge-session-passive')
    endpoints.asked.push({ method, path, passive })
    return endpoints.answer(path, method)
  })
  return endpoints
}

export function json(
  body: unknown,
  { status = 200, date }: { status?: number; date?: number } = {},
): Response {
  return Response.json(body, {
    status,
    headers: { date: new Date(date ?? Date.now()).toUTCString() },
  })
}

/** A session as the server's layout passes it, or as the endpoint sends it. */
export function sessionOf(userId: string, fields: Partial<ClientSession> = {}): ClientSession {
  const now = Date.now()
  return {
    id: `id-of-${userId}`,
    userId,
    role: null,
    data: {},
    createdAt: new Date(now),
    authenticatedAt: new Date(now),
    lastSeenAt: new Date(now),
    expiresAt: new Date(now + 3_600_000),
    ...fields,
  }
}

/** A page in a document, under StrictMode and a router. */
export interface Page {
  readonly text: () => string
  readonly router: { readonly refresh: ReturnType<typeof vi.fn> }
  /** As when the server sends it anew. */
  readonly render: (node: ReactNode) => Promise<void>
  readonly close: () => Promise<void>
}

export async function openPage(
  node: ReactNode,
  options: { hydrate?: true; routerless?: true } = {},
): Promise<Page> {
  const router = { refresh: vi.fn() }
  const inDocument = (content: ReactNode) => (
    <StrictMode>
      {options.routerless ? (
        content
      ) : (
        <AppRouterContext value={router as unknown as AppRouterInstance}>{content}</AppRouterContext>
      )}
    </StrictMode>
  )
  const container = document.createElement('div')
  document.body.append(container)
  let root: Root | undefined
  if (options.hydrate) container.innerHTML = renderToString(inDocument(node))
  await act(async () => {
    root = options.hydrate ? hydrateRoot(container, inDocument(node)) : createRoot(container)
    if (!options.hydrate) root.render(inDocument(node))
  })
  return {
    router,
    text: () => container.textContent ?? '',
    render: (content) => act(async () => root?.render(inDocument(content))),
    close: async () => {
      await act(async () => root?.unmount())
      container.remove()
    },
  }
}
