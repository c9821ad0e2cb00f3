import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { type Barrier, createBarriers } from './barriers.ts'
import { createControl } from './control.ts'
import { streamEvents } from './event-stream.ts'
import type { FaultMoment } from './fault-rule.ts'
import { createFaults, type Faults } from './faults.ts'
import { createHttpFront } from './http-front.ts'
import { createJournal, type JournalEntry } from './journal.ts'
import { type Listener, listen } from './listener.ts'
import type { Match } from './match.ts'
import { type RawReply, toRawReply } from './raw-reply.ts'
import type { Lag } from './replica.ts'
import { createLifecycle } from './request-lifecycle.ts'
import { createSeededRandom } from './seeded-random.ts'
import { createStatsCounter, type LocalKVStats } from './stats.ts'
import { openStorage } from './storage.ts'

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
  /** `redis://` or `rediss://` URL of a Redis or Valkey to run the commands on. Default: an engine inside this process. */
  readonly redis?: string
  /**
   * File that keeps the data of the embedded engine: read at start, written (mode 0600) within 500 ms of
   * a change and at `stop()`. Default: none, the data ends with the process. Not with `redis`.
   */
  readonly snapshot?: string
  /** Port of the control server, 0 for any free one. Default false: no control server. */
  readonly controlPort?: number | false
  /** Lets a replica that is so far behind answer reads, like a region far from the primary. Default: no replica. */
  readonly replicaLag?: Lag
  /** Seed of the probabilities in fault rules. Default 1: the same draws in every run. */
  readonly seed?: number
}

/** A running local KV. */
export interface LocalKV {
  /** What to give a client as REST URL, for example `http://127.0.0.1:8079`. */
  readonly url: string
  readonly token: string
  readonly port: number
  /** Where the control server listens; null without `controlPort`. */
  readonly controlUrl: string | null
  /** Counts of HTTP requests and commands so far. */
  stats(): LocalKVStats
  resetStats(): void
  /** The last 10,000 commands that arrived and what became of each, oldest first. */
  journal(): readonly JournalEntry[]
  clearJournal(): void
  /** Rules for what goes wrong. */
  readonly faults: Faults
  /** Holds matching requests until released, `before` (default) their commands are applied or `after`. */
  barrier(match: Match, when?: FaultMoment): Barrier
  /** The lagging replica of `replicaLag` and of `lag` faults. */
  readonly replica: {
    /** Shows the replica every write made so far, whatever its lag. */
    catchUp(): Promise<void>
    /** Number of writes it has not seen. */
    behind(): number
  }
  /** Runs one command directly on the primary, without HTTP, stats, journal or faults. Rejects with the engine's error. */
  command(name: string, ...args: readonly (string | number | Uint8Array)[]): Promise<RawReply>
  /** Deletes all data, of the replica too. */
  flush(): Promise<void>
  /** Stops listening and cuts open connections, as if the server were down. The data stays. */
  pause(): Promise<void>
  /** Listens again on the same port. */
  resume(): Promise<void>
  /** Gives up whatever a fault or barrier holds, lets other requests finish, then stops. Calling it again does nothing. */
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
  if (token === '' || readOnlyToken === '')
    throw new TypeError('local-kv: a token is empty. Give one or leave it out.')
  const storage = await openStorage(options)
  const { replica } = storage
  const stopping = new AbortController()
  // Every request that a fault holds listens: more than ten are no leak.
  setMaxListeners(0, stopping.signal)
  const random = createSeededRandom(options.seed ?? 1)
  const stats = createStatsCounter()
  const journal = createJournal()
  const faults = createFaults({ random, replica })
  const barriers = createBarriers(random)
  const { signal } = stopping

  const command: LocalKV['command'] = async (name, ...args) => {
    const parts = [
      name,
      ...args.map((argument) => (typeof argument === 'number' ? String(argument) : argument)),
    ]
    const batch = { commands: [parts], atomic: false, access: 'full' } as const
    const { result } = await replica.run(batch, { lagged: false, syncToken: '' })
    return toRawReply('kind' in result ? result : (result[0] ?? { kind: 'nil' }))
  }

  const front = createHttpFront({
    token,
    readOnlyToken,
    stats,
    syncToken: replica.syncToken,
    answer: createLifecycle({
      replica,
      lagsAlways: options.replicaLag !== undefined,
      faults,
      barriers,
      journal,
      signal,
    }),
    stream: (subscription, response) =>
      streamEvents({
        engine: storage.engine,
        command: subscription,
        response,
        syncToken: replica.syncToken(),
        signal,
      }),
  })

  const listeners: Listener[] = []
  const stop = async () => {
    stopping.abort()
    barriers.releaseAll()
    await Promise.all(listeners.map((listener) => listener.stop()))
    await storage.close()
  }

  try {
    const listener = await listen({ host, port, onRequest: front })
    listeners.push(listener)
    const controlled = {
      stats: stats.read,
      resetStats: stats.reset,
      journal: journal.read,
      clearJournal: journal.clear,
      faults: { add: faults.add, clear: faults.clear, list: faults.list },
      barrier: barriers.arm,
      replica: { catchUp: replica.catchUp, behind: replica.behind },
      flush: replica.flush,
      pause: listener.pause,
      resume: listener.resume,
    }
    if (typeof options.controlPort === 'number') {
      listeners.push(
        await listen({ host, port: options.controlPort, onRequest: createControl(controlled, { token }) }),
      )
    }
    let stopped: Promise<void> | undefined
    return {
      ...controlled,
      url: listener.url,
      token,
      port: listener.port,
      controlUrl: listeners[1]?.url ?? null,
      command,
      stop: () => {
        stopped ??= stop()
        return stopped
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
