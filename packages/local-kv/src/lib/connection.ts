import type { Duplex } from 'node:stream'
import type { Engine } from './engine.ts'
import { type Command, createReplyReader, encodeCommands, type Reply } from './resp.ts'

/** One connection to the engine, shared by all requests. Replies come in the order of the commands. */
export interface Connection {
  /** Writes all commands in one buffer. Rejects if the engine is gone; the next call connects again. */
  send(commands: readonly Command[]): Promise<readonly Reply[]>
  close(): void
}

/** Opens a shared connection to one logical database of the engine. Connects at the first command. */
export function createConnection(engine: Engine, database: number): Connection {
  let opening: Promise<OpenConnection> | undefined
  let closed = false

  const open = async (): Promise<OpenConnection> => {
    const connection = adopt(await engine.connect(), () => {
      opening = undefined
    })
    if (database > 0) {
      const [reply] = await connection.send([['SELECT', String(database)]])
      if (reply?.kind === 'error')
        throw new Error(`local-kv: the engine has no database ${database} (${reply.message}).`)
    }
    return connection
  }

  return {
    async send(commands) {
      if (commands.length === 0) return []
      if (closed) throw new Error('local-kv: this server is stopped.')
      opening ??= open().catch((error: unknown) => {
        opening = undefined
        throw error
      })
      return (await opening).send(commands)
    },
    close() {
      closed = true
      opening?.then((connection) => connection.close()).catch(() => {})
    },
  }
}

interface OpenConnection {
  send(commands: readonly Command[]): Promise<readonly Reply[]>
  close(): void
}

interface Waiting {
  readonly replies: Reply[]
  readonly expected: number
  readonly resolve: (replies: readonly Reply[]) => void
  readonly reject: (error: Error) => void
}

function adopt(stream: Duplex, onClose: () => void): OpenConnection {
  const queue: Waiting[] = []

  const fail = () => {
    onClose()
    stream.destroy()
    for (const waiting of queue.splice(0))
      waiting.reject(new Error('local-kv: the connection to the engine was lost.'))
  }

  const read = createReplyReader((reply) => {
    const waiting = queue[0]
    if (!waiting) return
    waiting.replies.push(reply)
    if (waiting.replies.length < waiting.expected) return
    queue.shift()
    waiting.resolve(waiting.replies)
  })

  stream.on('data', (chunk: Buffer) => {
    try {
      read(chunk)
    } catch {
      fail()
    }
  })
  stream.on('error', fail)
  stream.on('close', fail)

  return {
    send: (commands) =>
      new Promise((resolve, reject) => {
        if (stream.destroyed) return reject(new Error('local-kv: the connection to the engine was lost.'))
        queue.push({ replies: [], expected: commands.length, resolve, reject })
        stream.write(encodeCommands(commands))
      }),
    close: () => stream.destroy(),
  }
}
