import { connect, type Socket } from 'node:net'
import { checkReply } from './every-reply.ts'
import { measure } from './raw-message.ts'

export interface RawRequest {
  readonly method?: string
  /** As it stands in the request line, whatever it is. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface RawReply {
  /** 0: the server closed the connection without a word. */
  readonly status: number
  /** Status line, headers and body, as they came. */
  readonly text: string
}

/** A connection that takes one request after another, with targets that no client library would send. */
export interface RawConnection {
  /** Rejects when no answer is complete after 20 s. */
  send(request: RawRequest): Promise<RawReply>
  close(): void
}

export function openRawConnection(port: number): RawConnection {
  let socket: Socket | null = null
  return {
    async send(request) {
      const kept = socket !== null && !socket.destroyed
      const used = kept && socket !== null ? socket : connect({ port, host: 'localhost' })
      socket = used
      const reply = await exchange(used, { port, request })
      // The server may have closed the connection just before it could know of the request.
      if (reply.text === '' && kept) {
        used.destroy()
        return this.send(request)
      }
      if (reply.status !== 0) check(reply, request)
      return reply
    },
    close: () => socket?.destroy(),
  }
}

/** One request on a connection of its own. */
export async function sendRaw(port: number, request: RawRequest): Promise<RawReply> {
  const connection = openRawConnection(port)
  try {
    return await connection.send(request)
  } finally {
    connection.close()
  }
}

function exchange(
  socket: Socket,
  { port, request: { method = 'GET', target, headers = {} } }: { port: number; request: RawRequest },
): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    let text = ''
    const late = setTimeout(() => socket.destroy(new Error(`no answer to ${target}`)), 20_000)
    const finish = (reusable: boolean) => {
      clearTimeout(late)
      socket.removeAllListeners()
      // What goes wrong between two requests shows in the next one.
      socket.on('error', () => {})
      if (!reusable) socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text })
    }
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const { complete, keepsOpen } = measure(text, method)
      if (complete) finish(keepsOpen)
    })
    socket.on('error', (error) => {
      if (/^no answer/.test(error.message)) reject(error)
      else finish(false)
    })
    socket.on('close', () => finish(false))
    const lines = Object.entries({ host: `localhost:${port}`, ...headers })
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.write(`${method} ${target} HTTP/1.1\r\n${head}\r\n`, 'latin1')
  })
}

/** What holds for every response holds for these. */
function check({ status, text }: RawReply, { method = 'GET', target }: RawRequest): void {
  const [head = ''] = text.split('\r\n\r\n', 1)
  const lines = head
    .split('\r\n')
    .slice(1)
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
  const setCookies = lines.filter(([name]) => name === 'set-cookie').map(([, value = '']) => value)
  const headers = Object.fromEntries(lines.filter(([name]) => name !== 'set-cookie'))
  const body = text.slice(head.length)
  checkReply({ status, headers, setCookies, text: body }, `${method} ${target}`)
}

/** Runs `work` over all items, a few at a time, each of the few with a connection of its own. */
export async function forAllOverRaw<Item>(
  items: readonly Item[],
  {
    port,
    atOnce,
    work,
  }: { port: number; atOnce: number; work: (item: Item, connection: RawConnection) => Promise<void> },
): Promise<void> {
  const waiting = items.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      const connection = openRawConnection(port)
      try {
        for (const item of waiting) await work(item, connection)
      } finally {
        connection.close()
      }
    }),
  )
}
