import { argumentText, commandName, isRead } from './command-table.ts'
import type { Command, ErrorReply } from './resp.ts'

export type Access = 'full' | 'read-only'

/** Why a command must not reach the shared connection, as the error reply to send; null if it may. */
export function refusal(command: Command, access: Access): ErrorReply | null {
  const name = commandName(command)
  if (BLOCKED.has(name) || isBlockingRead(name, command) || copiesAway(name, command)) {
    return error(
      `ERR Command is not available: '${name}'. It would change the connection or the server all requests share`,
    )
  }
  if (access === 'read-only' && (!isRead(command) || NOT_FOR_READ_ONLY.has(name))) {
    return error(`NOPERM this user has no permissions to run the '${name.toLowerCase()}' command`)
  }
  return null
}

/** There is one logical database: flushing all of them would take a real server's other data along. */
export function confine(command: Command): Command {
  return commandName(command) === 'FLUSHALL' ? ['FLUSHDB', ...command.slice(1)] : command
}

function isBlockingRead(name: string, command: Command): boolean {
  if (name !== 'XREAD' && name !== 'XREADGROUP') return false
  for (const argument of command) {
    const word = argumentText(argument).toUpperCase()
    if (word === 'BLOCK') return true
    if (word === 'STREAMS') return false
  }
  return false
}

function copiesAway(name: string, command: Command): boolean {
  return name === 'COPY' && command.slice(3).some((argument) => argumentText(argument).toUpperCase() === 'DB')
}

function error(message: string): ErrorReply {
  return { kind: 'error', message }
}

const BLOCKED = new Set(
  `ACL ASKING AUTH BGREWRITEAOF BGSAVE BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT CLUSTER
  CONFIG DEBUG DISCARD EXEC FAILOVER HELLO LATENCY MIGRATE MODULE MONITOR MOVE MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT
  READONLY READWRITE REPLCONF REPLICAOF RESET SAVE SELECT SHUTDOWN SLAVEOF SLOWLOG SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE
  SWAPDB SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH`.split(/\s+/),
)

/** Reads that Upstash still keeps from its read-only token. */
const NOT_FOR_READ_ONLY = new Set(['SCAN', 'KEYS', 'EVALSHA', 'EVALSHA_RO'])
