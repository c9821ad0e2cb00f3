import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import type { Engine } from './engine.ts'
import { createReplyReader, encodeCommands } from './resp.ts'

/** A Redis or Valkey server behind a `redis://` or `rediss://` URL. Throws if the URL is not one. */
export function createRedisEngine(redisUrl: string): Engine {
  const address = parseRedisUrl(redisUrl)
  return {
    kind: 'redis',
    database: address.database,
    connect: () => connect(address),
    close: async () => {},
  }
}

interface RedisAddress {
  readonly secure: boolean
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly database: number
}

function parseRedisUrl(redisUrl: string): RedisAddress {
  const url = URL.canParse(redisUrl) ? new URL(redisUrl) : undefined
  const path = url?.pathname.replace(/^\//, '') ?? ''
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || !url.hostname || !/^\d{0,4}$/.test(path)) {
    throw new TypeError(
      'local-kv: redis is not a Redis URL. Write it as redis://127.0.0.1:6379 or redis://host:port/2.',
    )
  }
  return {
    secure: url.protocol === 'rediss:',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: Number(path),
  }
}

function connect(address: RedisAddress): Promise<Socket> {
  const { host, port, secure } = address
  const socket = secure ? connectSecure({ host, port, servername: host }) : connectPlain({ host, port })
  socket.setNoDelay(true)
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      socket.destroy()
      reject(
        new Error(
          `local-kv: cannot use Redis at ${host}:${port} (${reason}). Start it, or correct the --redis URL.`,
        ),
      )
    }
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message))
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      if (!address.password) return resolve(ready(socket))
      const read = createReplyReader((reply) => {
        socket.off('data', read)
        if (reply.kind === 'error') fail(reply.message)
        else resolve(ready(socket))
      })
      socket.on('data', read)
      const { username, password } = address
      socket.write(encodeCommands([username ? ['AUTH', username, password] : ['AUTH', password]]))
    })
  })
}

function ready(socket: Socket): Socket {
  socket.removeAllListeners('error')
  return socket
}
