import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ROOT } from '../scale/repository.ts'
import { startChild } from './child.ts'

export interface KV {
  readonly pid: number
  /** What an app needs to reach it. */
  readonly env: Readonly<Record<string, string>>
  /** Requests and commands since it started. */
  stats(): Promise<KVCounts>
  /** Lets every request wait for so long before it is answered. */
  delay(milliseconds: number): Promise<void>
  stop(): Promise<void>
}

export interface KVCounts {
  readonly requests: number
  readonly commands: number
}

/**
 * An Upstash REST endpoint in front of one database of a real Redis. Every variant has its own, so that what is counted
 * is its own.
 */
export async function startKV(redis: string): Promise<KV> {
  const token = randomBytes(16).toString('hex')
  const child = await startChild(
    [join(ROOT, 'packages/local-kv/bin.js'), '--port', '0', '--control-port', '0', '--redis', redis],
    { cwd: ROOT, env: { KV_REST_API_TOKEN: token }, ready: /control http\S+\s/ },
  )
  const [, url = ''] = /local-kv: (http\S+)/.exec(child.output()) ?? []
  const [, control = ''] = /control (http\S+)/.exec(child.output()) ?? []
  const authorization = `Bearer ${token}`

  async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const init = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(new URL(path, control), { method, headers: { authorization }, ...init })
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`)
    return response.json()
  }

  return {
    pid: child.pid,
    env: { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token },
    stats: async () => (await ask('GET', '/__stats')) as KVCounts,
    async delay(ms) {
      await ask('PUT', '/rules', ms === 0 ? [] : [{ action: { type: 'delay', ms } }])
    },
    stop: child.stop,
  }
}

export function difference(after: KVCounts, before: KVCounts): KVCounts {
  return { requests: after.requests - before.requests, commands: after.commands - before.commands }
}
