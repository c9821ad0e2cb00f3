import { randomBytes } from 'node:crypto'
import { type LocalKV, type LocalKVOptions, startLocalKV } from 'local-kv'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { issuedTokens } from './every-reply.ts'
import { type Server, startServer } from './server.ts'
import type { Variant } from './variants.ts'
import { createVisitor, type Visitor } from './visitor.ts'

/** A KV and instances of one variant, for the tests of one `describe`. */
export interface Bench {
  readonly kv: LocalKV
  readonly servers: readonly Server[]
  /** Of the first instance. */
  readonly origin: string
  readonly secrets: Readonly<Record<'SESSION_SECRET' | 'CRON_SECRET', string>>
  visitor(): Visitor
  /** Signed in through the API. */
  user(name: string): Promise<Visitor>
  /** What the KV is asked while `work` runs. */
  count(work: () => Promise<unknown>): Promise<{ commands: number; requests: number }>
}

interface BenchOptions {
  readonly instances?: number
  readonly env?: Readonly<Record<string, string>>
  readonly kv?: LocalKVOptions
}

/**
 * Starts everything before the tests and ends it after them. After every test: no key without a time to live. At the
 * end: no token in the KV, in what was sent to it, or in what the instances printed.
 */
export function useBench(
  variant: Variant,
  { instances = 1, env = {}, kv: kvOptions }: BenchOptions = {},
): Bench {
  let kv: LocalKV
  let servers: readonly Server[] = []
  const secrets = {
    SESSION_SECRET: randomBytes(32).toString('base64'),
    CRON_SECRET: randomBytes(24).toString('base64url'),
  }

  beforeAll(async () => {
    kv = await startLocalKV(kvOptions)
    const address = { KV_REST_API_URL: kv.url, KV_REST_API_TOKEN: kv.token }
    const all = { ...secrets, ...address, LOGIN_RATE_LIMIT: '0', ...env }
    servers = await Promise.all(Array.from({ length: instances }, () => startServer({ variant, env: all })))
  })

  afterEach(async () => {
    kv.faults.clear()
    await expectEveryKeyToExpire(kv)
  })

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
    const seen = [...kv.journal().map(({ command }) => command.join(' ')), ...(await contentsOf(kv))].join(
      '\n',
    )
    const printed = servers.map((server) => server.output()).join('\n')
    await kv.stop()
    for (const token of issuedTokens()) {
      expect(seen.includes(token), 'the KV has seen a token').toBe(false)
      expect(printed.includes(token), 'an instance has printed a token').toBe(false)
    }
    for (const secret of [...Object.values(secrets), kv.token]) {
      expect(printed.includes(secret), 'an instance has printed a secret').toBe(false)
    }
  })

  const bench: Bench = {
    get kv() {
      return kv
    },
    get servers() {
      return servers
    },
    get origin() {
      return servers[0]?.origin ?? ''
    },
    secrets,
    visitor: () => createVisitor(bench.origin),
    async user(name) {
      const visitor = bench.visitor()
      await visitor.signIn(name)
      return visitor
    },
    async count(work) {
      const before = kv.stats()
      await work()
      const after = kv.stats()
      return { commands: after.commands - before.commands, requests: after.requests - before.requests }
    },
  }
  return bench
}

async function expectEveryKeyToExpire(kv: LocalKV): Promise<void> {
  for (const key of await keysOf(kv)) {
    // -2: it has just expired.
    const ttl = Number(await kv.command('PTTL', key))
    expect(ttl === -2 || ttl > 0, `the key ${JSON.stringify(key)} has no time to live`).toBe(true)
  }
}

/** How to read a key whole, by its type. */
const READ_WHOLE: Readonly<Record<string, (key: string) => readonly [string, ...string[]]>> = {
  hash: (key) => ['HGETALL', key],
  stream: (key) => ['XRANGE', key, '-', '+'],
}

/** Every key with what it holds. */
export async function contentsOf(kv: LocalKV): Promise<readonly string[]> {
  const keys = await keysOf(kv)
  return Promise.all(
    keys.map(async (key) => {
      const type = String(await kv.command('TYPE', key))
      const read = READ_WHOLE[type]?.(key) ?? (['GET', key] as const)
      return `${key} ${JSON.stringify(await kv.command(...read))}`
    }),
  )
}

export async function keysOf(kv: LocalKV): Promise<readonly string[]> {
  return ((await kv.command('KEYS', '*')) as readonly unknown[]).map(String)
}
