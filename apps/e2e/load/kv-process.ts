import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FaultRule, JournalEntry, LocalKVStats } from 'local-kv'
import { E2E } from '../support/variants.ts'

/** local-kv in a process of its own, so that it takes no time from whoever measures. */
export interface KVProcess {
  readonly url: string
  readonly token: string
  setFaults(rules: readonly FaultRule[]): Promise<void>
  stats(): Promise<LocalKVStats>
  resetStats(): Promise<void>
  /** The last 10,000 commands. */
  journal(): Promise<readonly JournalEntry[]>
  clearJournal(): Promise<void>
  keys(): Promise<number>
  stop(): Promise<void>
}

export async function startKVProcess({ redis }: { redis: string }): Promise<KVProcess> {
  const bin = join(E2E, 'node_modules/local-kv/bin.js')
  const args = [bin, '--port', '0', '--control-port', '0', '--redis', redis]
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, args, { env: { PATH }, stdio: ['ignore', 'pipe', 'inherit'] })
  const killed = () => child.kill('SIGKILL')
  process.once('exit', killed)
  const { url, token, control } = await addressOf(child)

  async function ask<Body>(method: string, address: string, body?: unknown): Promise<Body> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const reply = await fetch(address, { method, headers, ...sent })
    if (!reply.ok) throw new Error(`${method} ${address}: ${reply.status} ${await reply.text()}`)
    return (await reply.json()) as Body
  }

  return {
    url,
    token,
    setFaults: (rules) => ask('PUT', `${control}/rules`, rules),
    stats: () => ask('GET', `${control}/__stats`),
    resetStats: () => ask('DELETE', `${control}/__stats`),
    journal: () => ask('GET', `${control}/journal`),
    clearJournal: () => ask('DELETE', `${control}/journal`),
    keys: async () => (await ask<{ result: number }>('POST', url, ['DBSIZE'])).result,
    async stop() {
      process.off('exit', killed)
      if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    },
  }
}

/** From the one line that it prints. */
function addressOf(child: ChildProcess): Promise<{ url: string; token: string; control: string }> {
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += String(chunk)
      const [, url = '', token = '', control = ''] =
        /^local-kv: (\S+) token (\S+) control (\S+)$/m.exec(printed) ?? []
      if (control !== '') resolve({ url, token, control })
    })
    child.once('exit', (code) => reject(new Error(`local-kv ended with code ${code}`)))
  })
}
