import { commandName, isRead, keysOf } from './command-table.ts'
import type { Connection } from './connection.ts'
import type { Batch, BatchResult, Database } from './database.ts'
import type { Command, Reply } from './resp.ts'
import type { SyncTokens } from './sync-token.ts'

/** How far the replica is behind: ms, or `manual` for until `catchUp()`. */
export type Lag = number | 'manual'

export interface Replica {
  /** Keeps a replica that far behind until the result is called. The lag asked for last holds. */
  follow(lag: Lag): () => void
  /** Resolves when the replica has its first copy of the data; rejects if the engine cannot hold one. */
  ready(): Promise<void>
  /** Runs a batch on the replica if `lagged`, it only reads and its sync token is old enough; else on the primary. */
  run(batch: Batch, options: { readonly lagged: boolean; readonly syncToken: string }): Promise<Served>
  /** Brings the replica up to date, whatever its lag. */
  catchUp(): Promise<void>
  /** Number of writes the replica has not seen yet. */
  behind(): number
  /** Deletes all data, of the replica too. */
  flush(): Promise<void>
  /** The sync token of the latest write. */
  syncToken(): string
}

export interface Served {
  readonly result: BatchResult
  readonly servedBy: 'primary' | 'replica'
  readonly syncToken: string
}

export interface ReplicaOptions {
  readonly primary: Database
  readonly replica: Database
  /** Connections to the three logical databases: the data, the replica's data, and copies on their way. */
  readonly connections: Readonly<Record<'primary' | 'replica' | 'staging', Connection>>
  readonly databases: Readonly<Record<'replica' | 'staging', number>>
  readonly tokens: SyncTokens
}

/** A write the replica has not seen: the state each of its keys had right after it waits in staging. */
interface Write {
  readonly position: number
  readonly at: number
  readonly flushes: boolean
  readonly keys: readonly string[]
  readonly captured: Promise<unknown>
}

/**
 * A lagging replica in a second logical database. After each write the keys it names are copied, in the
 * same breath on the same connection, so what the replica later shows is exact for every type and TTL.
 * Keys that a script writes without naming them are not seen.
 */
export function createReplica(options: ReplicaOptions): Replica {
  const { primary, replica, connections, databases, tokens } = options
  const lags = new Map<symbol, Lag>()
  let log: Write[] = []
  let written = 0
  let applied = 0
  let seeded: Promise<void> = Promise.resolve()
  let turn: Promise<unknown> = Promise.resolve()

  /** One at a time, so that no read comes between the steps of an application. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  const empty = async () => {
    await connections.replica.send([['FLUSHDB']])
    await connections.staging.send([['FLUSHDB']])
  }

  const seed = async () => {
    log = []
    applied = written
    await empty()
    let cursor = '0'
    do {
      const [reply] = await connections.primary.send([['SCAN', cursor, 'COUNT', '1000']])
      const page = scanned(reply)
      await connections.primary.send(
        page.keys.map((key) => ['COPY', key, key, 'DB', String(databases.replica), 'REPLACE']),
      )
      cursor = page.cursor
    } while (cursor !== '0')
  }

  const apply = async (write: Write) => {
    await write.captured
    if (write.flushes) await connections.replica.send([['FLUSHDB']])
    for (const [index, key] of write.keys.entries()) {
      const staged = stagedName(write.position, index)
      const [copied] = await connections.staging.send([
        ['COPY', staged, key, 'DB', String(databases.replica), 'REPLACE'],
        ['DEL', staged],
      ])
      // Nothing staged: the write deleted the key, or it expired on the way.
      if (copied?.kind === 'integer' && copied.digits === '0') await connections.replica.send([['DEL', key]])
    }
    // A flush meanwhile may have moved on already.
    applied = Math.max(applied, write.position)
  }

  const applyWhile = async (isDue: (write: Write) => boolean) => {
    for (let next = log[0]; next && isDue(next); next = log[0]) {
      log.shift()
      await apply(next)
    }
  }

  const isDue = (write: Write): boolean => {
    const lag = [...lags.values()].at(-1)
    return typeof lag === 'number' && write.at + lag <= Date.now()
  }

  const runOnPrimary = async (batch: Batch): Promise<Served> => {
    const writes = batch.commands.filter((command) => !isRead(command))
    if (writes.length > 0) written += 1
    const position = written
    const running = primary.run(batch)
    // Without an await since `run`: nothing may be sent between the write and the copies.
    if (writes.length > 0 && lags.size > 0) log.push(capture(writes, position))
    return { result: await running, servedBy: 'primary', syncToken: tokens.issue(position) }
  }

  const capture = (writes: readonly Command[], position: number): Write => {
    const keys = [...new Set(writes.flatMap(keysOf))]
    const staging = ['DB', String(databases.staging), 'REPLACE']
    const copies = keys.map((key, index) => ['COPY', key, stagedName(position, index), ...staging])
    return {
      position,
      at: Date.now(),
      flushes: writes.some((command) => /^FLUSH(DB|ALL)$/.test(commandName(command))),
      keys,
      captured: connections.primary.send(copies).catch(() => {}),
    }
  }

  return {
    follow(lag) {
      const id = Symbol('lag')
      lags.set(id, lag)
      if (lags.size === 1) {
        seeded = inTurn(seed)
        seeded.catch(() => {})
      }
      return () => {
        if (!lags.delete(id) || lags.size > 0) return
        log = []
        inTurn(empty).catch(() => {})
      }
    },
    ready: () => seeded,
    async run(batch, { lagged, syncToken }) {
      if (lags.size > 0) await seeded
      if (!lagged || lags.size === 0 || !batch.commands.every(isRead)) return runOnPrimary(batch)
      const needed = tokens.read(syncToken)
      const result = await inTurn(async () => {
        await applyWhile(isDue)
        return needed > applied ? null : replica.run(batch)
      })
      return result ? { result, servedBy: 'replica', syncToken: tokens.issue(applied) } : runOnPrimary(batch)
    },
    catchUp: () => inTurn(() => applyWhile(() => true)),
    behind: () => log.length,
    async flush() {
      written += 1
      applied = written
      log = []
      await connections.primary.send([['FLUSHDB']])
      if (lags.size > 0) await inTurn(empty)
    },
    syncToken: () => tokens.issue(written),
  }
}

function stagedName(position: number, index: number): string {
  return `${position}:${index}`
}

function scanned(reply: Reply | undefined): { cursor: string; keys: Buffer[] } {
  if (reply?.kind !== 'array') throw new Error('local-kv: the engine cannot list its keys for the replica.')
  const [cursor, keys] = reply.items
  return {
    cursor: cursor?.kind === 'bulk' ? cursor.bytes.toString() : '0',
    keys: keys?.kind === 'array' ? keys.items.flatMap((key) => (key.kind === 'bulk' ? [key.bytes] : [])) : [],
  }
}
