import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../bin.js', import.meta.url))

/** Runs the built program until it prints a line or ends. */
async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { KV_REST_API_TOKEN: _, ...inherited } = process.env
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...inherited, ...environment } })
  let output = ''
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  const ended = once(child, 'close')
  await Promise.race([
    ended,
    new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk
        if (output.endsWith('\n')) resolve()
      })
    }),
  ])
  return {
    output,
    errors: () => errors,
    exitCode: async () => (await ended)[0],
    stop: async (signal: NodeJS.Signals) => {
      child.kill(signal)
      return (await ended)[0]
    },
  }
}

describe('local-kv on the command line', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('serves until %s', async (signal) => {
    const program = await run(['--port', '0'])
    const [, url, token] =
      /^local-kv: (http:\/\/127\.0\.0\.1:\d+) token ([\w-]{32})\n$/.exec(program.output) ?? []
    const response = await fetch(`${url}/ping`, { headers: { authorization: `Bearer ${token}` } })

    expect(await response.json()).toEqual({ result: 'PONG' })
    expect(await program.stop(signal)).toBe(0)
    expect(program.errors()).toBe('')
  })

  it('prints no token that was given', async () => {
    const given = await run(['--port', '0', '--token', 'secret', '--control-port', '0'])
    expect(given.output).toMatch(/^local-kv: http:\/\/127\.0\.0\.1:\d+ control http:\/\/127\.0\.0\.1:\d+\n$/)
    await given.stop('SIGTERM')
    const inherited = await run(['--port', '0'], { KV_REST_API_TOKEN: 'secret' })
    expect(inherited.output).toMatch(/^local-kv: http:\/\/127\.0\.0\.1:\d+\n$/)
    await inherited.stop('SIGTERM')
  })

  it('writes the snapshot when it is stopped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'local-kv-'))
    const snapshot = join(folder, 'kv.snapshot')
    const program = await run(['--port', '0', '--snapshot', snapshot])
    await program.stop('SIGINT')

    expect((await stat(snapshot)).size).toBeGreaterThan(0)
    await rm(folder, { recursive: true })
  })

  it.each([
    [['--port', '70000'], 2],
    [['--port', 'x'], 2],
    [['--nope'], 2],
    [['extra'], 2],
    [['--host', '0.0.0.0', '--port', '0'], 2],
    [['--redis', 'nonsense', '--port', '0'], 2],
    [['--redis', 'redis://127.0.0.1:1', '--port', '0'], 1],
  ])('ends %j with one sentence and exit code %i', async (args, exitCode) => {
    const program = await run(args)

    expect(await program.exitCode()).toBe(exitCode)
    expect(program.output).toBe('')
    expect(program.errors()).toMatch(
      /^(error|local-kv): [^\n]+\n(\(local-kv --help lists the options\.\)\n)?$/,
    )
  })

  it('explains itself', async () => {
    const program = await run(['--help'])

    expect(await program.exitCode()).toBe(0)
    expect(program.output).toContain('--replica-lag')
  })
})
