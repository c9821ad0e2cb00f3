import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLoopback } from './loopback.ts'

/** An HTTP server on a loopback address that can go away and come back on the same port. */
export interface Listener {
  readonly url: string
  readonly port: number
  /** Refuses connections from now on and cuts the open ones. */
  pause(): Promise<void>
  /** Listens again on the same port. */
  resume(): Promise<void>
  /** Lets running requests finish for at most `STOP_GRACE_MS`, then cuts them. */
  stop(): Promise<void>
}

export interface ListenerOptions {
  readonly host: string
  readonly port: number
  readonly onRequest: RequestListener
}

export const STOP_GRACE_MS = 1000

/** Resolves when it listens. Rejects with one sentence if the address cannot be had. */
export async function listen({ host, port: wantedPort, onRequest }: ListenerOptions): Promise<Listener> {
  if (!isLoopback(host)) {
    throw new TypeError(
      `local-kv: host ${JSON.stringify(host)} is not a loopback address. Use 127.0.0.1, ::1 or localhost.`,
    )
  }
  const running = new Set<ServerResponse>()
  const tracked: RequestListener = (request, response) => {
    running.add(response)
    response.once('close', () => running.delete(response))
    onRequest(request, response)
  }
  let server: Server | undefined = await bind({ host, port: wantedPort, onRequest: tracked })
  const { port } = server.address() as AddressInfo

  let stopped = false
  let turn: Promise<void> = Promise.resolve()

  /** One after the other: a port can be opened again only when it is closed. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  const takeDown = async (prepare: () => Promise<void>): Promise<void> => {
    if (!server) return
    const leaving = server
    server = undefined
    const closed = new Promise((resolve) => leaving.close(resolve))
    await prepare()
    // Also the connections on which nothing was ever asked, which `closeIdleConnections` leaves open.
    leaving.closeAllConnections()
    await closed
  }

  return {
    url: `http://${host.includes(':') ? `[${bare(host)}]` : host}:${port}`,
    port,
    pause: () => inTurn(() => takeDown(async () => {})),
    resume: () =>
      inTurn(async () => {
        if (!stopped) server ??= await bind({ host, port, onRequest: tracked })
      }),
    stop() {
      stopped = true
      return inTurn(() => takeDown(() => allClosed(running)))
    },
  }
}

async function allClosed(responses: ReadonlySet<ServerResponse>): Promise<void> {
  const closed = [...responses].map((response) => once(response, 'close').catch(() => {}))
  const grace = new AbortController()
  await Promise.race([
    Promise.all(closed),
    sleep(STOP_GRACE_MS, undefined, { signal: grace.signal }).catch(() => {}),
  ])
  grace.abort()
}

function bind({ host, port, onRequest }: ListenerOptions): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, onRequest)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used (${error.code ?? error.message})`
      reject(new Error(`local-kv: port ${port} on ${host} ${reason}. Choose another port.`))
    })
    server.listen({ host: bare(host), port }, () => {
      server.removeAllListeners('error')
      resolve(server)
    })
  })
}

function bare(host: string): string {
  return host.replace(/[[\]]/g, '')
}
