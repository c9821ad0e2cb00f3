import { parentPort, workerData } from 'node:worker_threads'
import { createEdgeSession, type Duration } from 'edge-session'
import { restTransport } from 'edge-session/transports/rest'
import type { NextFetchEvent } from 'next/server.js'
import { NextRequest } from 'next/server.js'
import { requestContext } from './request-context.ts'
import type { RequestKind } from './traffic.ts'

/** One instance of an app: its own thread, so that nothing but KV is shared with the others. */
export interface InstanceSetup {
  readonly url: string
  readonly token: string
  readonly touchInterval: Duration
  /** `undefined`: strict. */
  readonly cache: { readonly revocationLag: Duration; readonly memory: number } | undefined
}

export interface InstanceRequest {
  /** What the clocks show, milliseconds since 1970. */
  readonly now: number
  readonly user: number
  readonly kind: RequestKind
  /** The visitor's Cookie header. */
  readonly cookie: string
}

export interface InstanceAnswer {
  readonly cookie: string
  /** Sent to KV and received from it. */
  readonly bytes: number
}

const { url, token, touchInterval, cache }: InstanceSetup = workerData
let now = 0
let bytes = 0

const plainFetch = globalThis.fetch
globalThis.fetch = async (input, init) => {
  const response = await plainFetch(input, init)
  const body = await response.clone().arrayBuffer()
  bytes += Buffer.byteLength(String(init?.body ?? '')) + body.byteLength
  return response
}

const options = {
  secret: 'a secret for this benchmark and nothing else',
  kv: restTransport({ url, token }),
  // A busy machine is no outage.
  kvTimeout: '1m',
  now: () => now,
  touchInterval,
  protect: { routes: ['/app/:path*'], signIn: '/login' },
  ...(cache && { cache }),
} as const
const app = createEdgeSession<{ visits?: number }>(options)

parentPort?.on('message', (request: InstanceRequest) => {
  void serve(request).then((answer) => parentPort?.postMessage(answer))
})

async function serve({ now: at, user, kind, cookie }: InstanceRequest): Promise<InstanceAnswer> {
  now = at
  bytes = 0
  const path = kind === 'sign-in' ? '/login' : kind === 'api' ? '/api/items' : '/app/dashboard'
  const method = kind === 'page' || kind === 'api' ? 'GET' : 'POST'
  const request = new NextRequest(`https://app.test${path}`, {
    method,
    headers: cookie === '' ? {} : { cookie },
  })
  const jar = new Map(cookie === '' ? [] : [[nameOf(cookie), cookie]])
  const pending: Promise<unknown>[] = []
  const event = { waitUntil: (work: Promise<unknown>) => pending.push(work) } as unknown as NextFetchEvent
  const response = await app.proxy(request, event)
  for (const setCookie of response.headers.getSetCookie()) put(jar, setCookie.split(';')[0] ?? '')
  if (!response.headers.has('x-middleware-next')) throw new Error(`The proxy refused ${kind}.`)
  const context = {
    headers: seenByPage(request, response),
    cookies: {
      set: ({ name, value }: { readonly name: string; readonly value: string }) =>
        put(jar, `${name}=${value}`),
    },
  }
  await requestContext.run(context, () => behindProxy(kind, user))
  await Promise.all(pending)
  return { cookie: [...jar.values()].join('; '), bytes }
}

async function behindProxy(kind: RequestKind, user: number): Promise<void> {
  if (kind === 'sign-in') {
    await app.createSession({ userId: `user-${user}` })
    return
  }
  // A layout and a page, or a handler: each asks for itself.
  for (let call = 0; call < 2; call += 1) {
    if ((await app.getSession())?.userId !== `user-${user}`) throw new Error(`${kind}: not signed in.`)
  }
  if (kind === 'update') await app.updateSession(({ visits = 0 }) => ({ visits: visits + 1 }))
  if (kind === 'sign-out') await app.destroySession()
}

function put(jar: Map<string, string>, pair: string): void {
  if (pair.endsWith('=')) jar.delete(nameOf(pair))
  else jar.set(nameOf(pair), pair)
}

function nameOf(pair: string): string {
  return pair.split('=')[0] ?? ''
}

/** What Next.js would hand to the page. */
function seenByPage(request: NextRequest, response: Response): Headers {
  const list = response.headers.get('x-middleware-override-headers')
  if (list === null) return new Headers(request.headers)
  const names = list.split(',').filter((name) => name !== '')
  return new Headers(names.map((name) => [name, response.headers.get(`x-middleware-request-${name}`) ?? '']))
}
