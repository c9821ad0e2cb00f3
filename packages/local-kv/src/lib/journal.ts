import { argumentText } from './command-table.ts'
import type { FaultAction } from './fault-rule.ts'
import type { RestRequest } from './rest-request.ts'

/** One command that arrived, and what became of it so far. */
export interface JournalEntry {
  /** Number of the HTTP request it came in, from 1; the commands of a pipeline share it. */
  readonly request: number
  /** When it arrived, in ms since 1970. */
  readonly at: number
  readonly form: 'single' | 'pipeline' | 'multi-exec'
  /**
   * Name and arguments as text, of long ones the first 10,000 characters. Holds whatever the client sent, secrets
   * included.
   */
  readonly command: readonly string[]
  /** How often it was applied so far: 0 if a fault swallowed it or it still waits, 2 after a duplicate delivery. */
  readonly applied: number
  /** What answered it; null if nothing did. */
  readonly servedBy: 'primary' | 'replica' | null
  /** Types of the faults that struck its request. */
  readonly faults: readonly FaultAction['type'][]
  /** The HTTP status answered; null before or without an answer. */
  readonly status: number | null
}

export interface Journal {
  /** Notes the commands of a request; the result updates what is known about them. */
  open(request: RestRequest, faults: readonly FaultAction[]): (change: JournalChange) => void
  /** The last 10,000 entries, oldest first. */
  read(): readonly JournalEntry[]
  clear(): void
}

export type JournalChange = Partial<Pick<JournalEntry, 'applied' | 'servedBy' | 'status'>>

const REMEMBERED_COMMANDS = 10_000
const LONGEST_ARGUMENT = 10_000

export function createJournal(): Journal {
  let entries: JournalEntry[] = []
  let requests = 0

  return {
    open({ form, commands }, faults) {
      requests += 1
      const opened: JournalEntry[] = commands.map((command) => ({
        request: requests,
        at: Date.now(),
        form,
        command: command.map((argument) => argumentText(argument).slice(0, LONGEST_ARGUMENT)),
        applied: 0,
        servedBy: null,
        faults: faults.map((fault) => fault.type),
        status: null,
      }))
      entries.push(...opened)
      if (entries.length > REMEMBERED_COMMANDS) entries = entries.slice(-REMEMBERED_COMMANDS)
      return (change) => {
        for (const entry of opened) Object.assign(entry, change)
      }
    },
    read: () => entries.map((entry) => ({ ...entry })),
    clear() {
      entries = []
    },
  }
}
