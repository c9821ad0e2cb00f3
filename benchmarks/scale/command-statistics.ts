import type { Database } from './database.ts'

/** Redis' own counters: no network and no client is part of them. */
export interface CommandStatistics {
  /** Commands run, those inside scripts included. */
  readonly calls: number
  readonly scriptMicroseconds: number
  readonly reads: number
  readonly readMicroseconds: number
}

/** Sent by this benchmark, not by the package. */
const OURS = ['info', 'memory', 'hello', 'client', 'select']

export async function readStatistics(database: Database): Promise<CommandStatistics> {
  const info = await database.info('commandstats')
  let calls = 0
  for (const [name, value] of info) {
    const [command = ''] = name.replace('cmdstat_', '').split('|')
    if (name.startsWith('cmdstat_') && !OURS.includes(command)) calls += field(value, 'calls')
  }
  const script = info.get('cmdstat_eval')
  const read = info.get('cmdstat_hmget')
  return {
    calls,
    scriptMicroseconds: field(script, 'usec'),
    reads: field(read, 'calls'),
    readMicroseconds: field(read, 'usec'),
  }
}

export interface Work {
  readonly calls: number
  /** Spent in what was sent, scripts with everything they do. */
  readonly microseconds: number
}

/** A script may run `HMGET` as well: only `sentReads` of them count by themselves. */
export function workBetween(
  before: CommandStatistics,
  after: CommandStatistics,
  { sentReads }: { sentReads: number },
): Work {
  const reads = after.reads - before.reads
  const share = reads === 0 ? 0 : sentReads / reads
  const inReads = (after.readMicroseconds - before.readMicroseconds) * share
  return {
    calls: after.calls - before.calls,
    microseconds: after.scriptMicroseconds - before.scriptMicroseconds + inReads,
  }
}

function field(statistics: string | undefined, name: string): number {
  const [, value = '0'] = new RegExp(`${name}=(\\d+)`).exec(statistics ?? '') ?? []
  return Number(value)
}
