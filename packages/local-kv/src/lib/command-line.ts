import { Command, InvalidArgumentError } from 'commander'
import { type LocalKV, type LocalKVOptions, startLocalKV } from './local-kv.ts'

/** Runs the `local-kv` program: serves until SIGINT or SIGTERM. Bad arguments end it with exit code 2. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const program = new Command('local-kv')
    .description('A local KV that speaks the Upstash Redis REST protocol.')
    .option('--port <number>', 'port to listen on, 0 for any free one', parsePort, 8079)
    .option('--host <address>', 'loopback address to listen on', '127.0.0.1')
    .option('--token <token>', 'bearer token of the clients (default: $KV_REST_API_TOKEN, else a random one)')
    .option('--read-only-token <token>', 'a second token that may only read')
    .option('--redis <url>', 'run the commands on a real Redis instead of the embedded engine')
    .option('--snapshot <file>', 'keep the data in this file')
    .option('--control-port <number>', 'port for faults, journal and stats, 0 for any free one', parsePort)
    .option('--replica-lag <ms>', 'answer reads from a replica this far behind', parseMs)
    .option('--seed <number>', 'seed of the probabilities in fault rules', parseMs)
    .showHelpAfterError('(local-kv --help lists the options.)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse([...argv])

  const options = program.opts<LocalKVOptions>()
  const { KV_REST_API_TOKEN: fromEnvironment } = process.env
  const given = options.token ?? (fromEnvironment || undefined)
  let kv: LocalKV
  try {
    kv = await startLocalKV(given === undefined ? options : { ...options, token: given })
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(error instanceof TypeError ? 2 : 1)
  }

  // Before the line is printed: whoever reads it may send the signal at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      kv.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error instanceof Error ? error.message : String(error))
          process.exit(1)
        },
      )
    })
  }

  const token = given === undefined ? ` token ${kv.token}` : ''
  const control = kv.controlUrl === null ? '' : ` control ${kv.controlUrl}`
  console.log(`local-kv: ${kv.url}${token}${control}`)
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('It must be a number from 0 to 65535.')
  return port
}

function parseMs(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}
