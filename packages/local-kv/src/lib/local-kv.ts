import { randomBytes } from 'node:crypto'
import { createDatabase } from './database.ts'
import { createEmbeddedEngine } from './embedded-engine.ts'
import { createHttpFront, type Exchange, send } from './http-front.ts'
import { listen } from './listener.ts'
import { type RawReply, toRawReply } from './raw-reply.ts'
import { createRedisEngine } from './redis-engine.ts'
import { encodeResult } from './reply-encoding.ts'
import { createStatsCounter, type LocalKVStats } from './stats.ts'

/** How to start a local KV. Everything is optional. */
export interface LocalKVOptions {
  /** Port to listen on. Default 0: any free port. */
  readonly port?: number
  /** Loopback address to listen on. Default `127.0.0.1`. Other addresses are refused. */
  readonly host?: string
  /** Bearer token that clients must send. Default: random, see {@link LocalKV.token}. */
  readonly token?: string
  /** A second token that may only read. Default: none. */
  readonly readOnlyToken?: string
  /** `redis://` or `rediss://` URL of a real Redis or Valkey to run the commands on. Default: an engine inside this process. */
  readonly redis?: string
}

/** A running local KV. */
export interface LocalKV {
  /** What to give a client as REST URL, for example `http://127.0.0.1:8079`. */
  readonly url: string
  readonly token: string
  readonly port: number
  /** Counts of HTTP requests and commands so far. */
  stats(): LocalKVStats
  resetStats(): void
  /** Runs one command directly, without HTTP, stats, journal or faults. Rejects with the engine's error. */
  command(name: string, ...args: readonly (string | number | Uint8Array)[]): Promise<RawReply>
  /** Deletes all data. */
  flush(): Promise<void>
  /** Stops listening and cuts open connections, as if the server were down. The data stays. */
  pause(): Promise<void>
  /** Listens again on the same port. */
  resume(): Promise<void>
  /** Lets running requests finish, then stops. Calling it again does nothing. */
  stop(): Promise<void>
}

/** Starts a local KV that speaks the Upstash Redis REST protocol on a loopback address. */
export async function startLocalKV(options: LocalKVOptions = {}): Promise<LocalKV> {
  const {
    host = '127.0.0.1',
    port = 0,
    token = randomBytes(24).toString('base64url'),
    readOnlyToken,
  } = options
  const engine = options.redis === undefined ? createEmbeddedEngine() : createRedisEngine(options.redis)
  const database = createDatabase(engine)
  const stats = createStatsCounter()
  let answers = 0
  const syncToken = () => Buffer.from(`local:${++answers}`).toString('base64')

  const answer = async ({ request, access, response }: Exchange): Promise<void> => {
    const result = await database.run({
      commands: request.commands,
      atomic: request.form === 'multi-exec',
      access,
    })
    send(response, { reply: encodeResult(request, result), syncToken: syncToken() })
  }

  const command: LocalKV['command'] = async (name, ...args) => {
    const parts = [
      name,
      ...args.map((argument) => (typeof argument === 'number' ? String(argument) : argument)),
    ]
    const result = await database.run({ commands: [parts], atomic: false, access: 'full' })
    return toRawReply('kind' in result ? result : (result[0] ?? { kind: 'nil' }))
  }

  try {
    await command('PING')
    const listener = await listen({
      host,
      port,
      onRequest: createHttpFront({ token, readOnlyToken, stats, syncToken, answer }),
    })
    let stopping: Promise<void> | undefined
    const stop = async () => {
      await listener.stop()
      database.close()
      await engine.close()
    }
    return {
      url: listener.url,
      token,
      port: listener.port,
      stats: stats.read,
      resetStats: stats.reset,
      command,
      flush: async () => void (await command('FLUSHDB')),
      pause: listener.pause,
      resume: listener.resume,
      stop: () => (stopping ??= stop()),
    }
  } catch (error) {
    database.close()
    await engine.close()
    throw error
  }
}
