import { commandName } from './command-table.ts'
import type { Command } from './resp.ts'

/** Counts since the start or the last `resetStats()`. A snapshot: it does not change afterwards. */
export interface LocalKVStats {
  /** HTTP requests received, refused ones (401, 400 …) included. */
  readonly requests: number
  /** Commands received in those requests, whether or not a fault kept them from being applied. */
  readonly commands: number
  /** Commands by upper-case name, for example `{ HMGET: 3 }`. */
  readonly byCommand: Readonly<Record<string, number>>
  /** Commands of each request, oldest first, 0 for a request that carried none. The last 10,000. */
  readonly perRequest: readonly number[]
}

export interface StatsCounter {
  /** Counts a request; call the result once its commands are known. */
  request(): (commands: readonly Command[]) => void
  read(): LocalKVStats
  reset(): void
}

const REMEMBERED_REQUESTS = 10_000

export function createStatsCounter(): StatsCounter {
  let requests = 0
  let commands = 0
  let byCommand = new Map<string, number>()
  let perRequest: { commands: number }[] = []

  return {
    request() {
      const entry = { commands: 0 }
      requests += 1
      perRequest.push(entry)
      if (perRequest.length > REMEMBERED_REQUESTS) perRequest.shift()
      const counted = byCommand
      return (received) => {
        if (counted !== byCommand) return
        entry.commands = received.length
        commands += received.length
        for (const command of received) {
          const name = commandName(command)
          byCommand.set(name, (byCommand.get(name) ?? 0) + 1)
        }
      }
    },
    read: () => ({
      requests,
      commands,
      byCommand: Object.fromEntries(byCommand),
      perRequest: perRequest.map((entry) => entry.commands),
    }),
    reset() {
      requests = 0
      commands = 0
      byCommand = new Map()
      perRequest = []
    },
  }
}
