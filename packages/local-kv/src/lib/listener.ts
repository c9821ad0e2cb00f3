import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
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
  let server: Server | undefined = await bind({ host, port: wantedPort, onRequest })
  const { port } = server.address() as AddressInfo

  return {
    url: `http://${host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host}:${port}`,
    port,
    async pause() {
      if (!server) return
      const closed = close(server)
      server.closeAllConnections()
      server = undefined
      await closed
    },
    async resume() {
      server ??= await bind({ host, port, onRequest })
    },
    async stop() {
      if (!server) return
      const stopping = server
      server = undefined
      const closed = close(stopping)
      stopping.closeIdleConnections()
      const timer = setTimeout(() => stopping.closeAllConnections(), STOP_GRACE_MS)
      await closed
      clearTimeout(timer)
    },
  }
}

function bind({ host, port, onRequest }: ListenerOptions): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, onRequest)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used (${error.code ?? error.message})`
      reject(new Error(`local-kv: port ${port} on ${host} ${reason}. Choose another port.`))
    })
    server.listen({ host: host.replace(/[[\]]/g, ''), port }, () => {
      server.removeAllListeners('error')
      resolve(server)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
