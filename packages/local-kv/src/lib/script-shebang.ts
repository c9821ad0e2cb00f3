import { createHash } from 'node:crypto'
import { commandName } from './command-table.ts'
import type { Argument, Command, Reply } from './resp.ts'

export interface ShebangStripper {
  /** The command as the engine understands it. */
  rewrite(command: Command): Command
  /** The reply as the caller of the original command expects it. */
  restore(command: Command, reply: Reply): Reply
}

/**
 * Takes the line `#!lua flags=…` off scripts. On Upstash it chooses the lock; Redis refuses the flags it
 * does not know and the embedded engine knows no such line. Scripts keep the SHA-1 of their full text.
 */
export function createShebangStripper(): ShebangStripper {
  const strippedBySha = new Map<string, string>()

  const strip = (script: Argument): string => {
    const source = text(script)
    const stripped = withoutShebang(source)
    if (stripped !== source) strippedBySha.set(sha1(source), sha1(stripped))
    return stripped
  }
  const translate = (sha: Argument): Argument => strippedBySha.get(text(sha).toLowerCase()) ?? sha

  return {
    rewrite(command) {
      const [name = '', first, ...rest] = command
      if (first === undefined) return command
      switch (commandName(command)) {
        case 'EVAL':
        case 'EVAL_RO':
          return hasShebang(first) ? [name, strip(first), ...rest] : command
        case 'EVALSHA':
        case 'EVALSHA_RO':
          return [name, translate(first), ...rest]
        case 'SCRIPT':
          return [name, first, ...rest.map((argument) => rewriteScriptArgument(first, argument))]
        default:
          return command
      }
    },
    restore(command, reply) {
      const [, subcommand, script] = command
      const isLoad = commandName(command) === 'SCRIPT' && text(subcommand ?? '').toUpperCase() === 'LOAD'
      if (!isLoad || script === undefined || reply.kind !== 'bulk' || !hasShebang(script)) return reply
      return { kind: 'bulk', bytes: Buffer.from(sha1(text(script))) }
    },
  }

  function rewriteScriptArgument(subcommand: Argument, argument: Argument): Argument {
    const name = text(subcommand).toUpperCase()
    if (name === 'LOAD') return hasShebang(argument) ? strip(argument) : argument
    return name === 'EXISTS' ? translate(argument) : argument
  }
}

function hasShebang(script: Argument): boolean {
  return text(script).startsWith('#!lua')
}

/** The line break stays, so that line numbers in error messages stay right. */
function withoutShebang(source: string): string {
  const lineEnd = source.indexOf('\n')
  return lineEnd === -1 ? '' : source.slice(lineEnd)
}

function text(argument: Argument): string {
  return typeof argument === 'string' ? argument : Buffer.from(argument).toString()
}

function sha1(source: string): string {
  return createHash('sha1').update(source).digest('hex')
}
