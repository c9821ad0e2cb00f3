import { type Access, confine, refusal } from './command-policy.ts'
import { commandName } from './command-table.ts'
import type { Connection } from './connection.ts'
import type { Engine } from './engine.ts'
import type { Command, ErrorReply, Reply } from './resp.ts'
import type { ShebangStripper } from './script-shebang.ts'

/** Commands as one HTTP request carries them. */
export interface Batch {
  readonly commands: readonly Command[]
  /** Whether they run as one MULTI … EXEC. */
  readonly atomic: boolean
  readonly access: Access
}

/** One reply per command, or one error for the whole batch (a transaction that was discarded). */
export type BatchResult = readonly Reply[] | ErrorReply

/** The data, behind the rules of `command-policy` and the rewriting that makes both engines alike. */
export interface Database {
  /** Sends synchronously: what is sent on the connection right after this call comes right after the batch. */
  run(batch: Batch): Promise<BatchResult>
}

export interface DatabaseOptions {
  readonly engine: Engine
  readonly connection: Connection
  /** Shared by databases on one engine, which has one script cache for all. */
  readonly shebang: ShebangStripper
}

export function createDatabase({ engine, connection, shebang }: DatabaseOptions): Database {
  const toEngine = (command: Command): Command => {
    const rewritten = shebang.rewrite(confine(command))
    // js-redis-server has no ECHO.
    const [name, ...rest] = rewritten
    if (
      engine.kind === 'embedded' &&
      name !== undefined &&
      commandName(rewritten) === 'ECHO' &&
      rest.length === 1
    ) {
      return ['EVAL', 'return ARGV[1]', '0', ...rest]
    }
    return rewritten
  }

  return {
    async run({ commands, atomic, access }) {
      const refusals = commands.map((command) => refusal(command, access))
      if (atomic) {
        const refused = refusals.find((reply) => reply !== null)
        if (refused)
          return { kind: 'error', message: `EXECABORT Transaction discarded because of: ${refused.message}` }
        return restored(commands, await runTransaction(connection, commands.map(toEngine)))
      }
      const sent = await connection.send(commands.filter((_, index) => !refusals[index]).map(toEngine))
      const answers = sent[Symbol.iterator]()
      return restored(
        commands,
        refusals.map((refused) => refused ?? (answers.next().value as Reply)),
      )
    },
  }

  function restored(commands: readonly Command[], result: BatchResult): BatchResult {
    if ('kind' in result) return result
    return result.map((reply, index) => shebang.restore(commands[index] ?? [], reply))
  }
}

async function runTransaction(connection: Connection, commands: readonly Command[]): Promise<BatchResult> {
  const replies = await connection.send([['MULTI'], ...commands, ['EXEC']])
  const outcome = replies.at(-1)
  if (outcome?.kind === 'array') return outcome.items
  return outcome?.kind === 'error' ? outcome : { kind: 'error', message: 'EXECABORT Transaction discarded.' }
}
