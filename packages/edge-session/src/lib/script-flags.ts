import { type KVCommand, KVError, type KVTransport } from './kv-transport.ts'

/**
 * Upstash locks the whole database for a script unless it says that its keys are enough. Plain Redis refuses that
 * line, before running anything; so a server that refuses it once is not sent it again.
 */
export function withScriptFlags(transport: KVTransport): KVTransport {
  let understood = true
  return async (commands, options) => {
    if (!understood || !commands.some(isScript)) return transport(commands, options)
    try {
      return await transport(commands.map(addFlags), options)
    } catch (error) {
      if (!(error instanceof KVError) || error.reply !== 'SHEBANG' || commands.length > 1) throw error
      const replies = await transport(commands, options)
      understood = false
      return replies
    }
  }
}

function isScript([name]: KVCommand): boolean {
  return name === 'EVAL'
}

function addFlags(command: KVCommand): KVCommand {
  const [name, script = '', ...args] = command
  return isScript(command) ? [name, `#!lua flags=allow-key-locking\n${script}`, ...args] : command
}
