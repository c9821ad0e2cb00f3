import { AsyncLocalStorage } from 'node:async_hooks'
import { Redis as UpstashRedis } from '@upstash/redis'
import { createClient as createVercelKV } from '@vercel/kv'
import { startLocalKV } from 'local-kv'
import { createPatchedFetcher } from 'next/dist/server/lib/patch-fetch.js'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { kvStore } from '../src/lib/kv-store.ts'
import type { KVTransport } from '../src/lib/kv-transport.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { upstashTransport } from '../src/lib/transports/upstash.ts'
import { vercelKVTransport } from '../src/lib/transports/vercel-kv.ts'
import { newRecord, START } from './support/records.ts'

const kv = await startLocalKV()
afterAll(() => kv.stop())

const options = { url: kv.url, token: kv.token, enableTelemetry: false, retry: { retries: 0 } }
const transports = {
  restTransport: restTransport(kv),
  upstashTransport: upstashTransport(new UpstashRedis(options)),
  vercelKVTransport: vercelKVTransport(createVercelKV(options)),
}

/** What Next.js' own `fetch` stored and answered from its data cache while a page of a segment did `work`. */
async function inSegment(
  fetchCache: string,
  work: () => Promise<void>,
): Promise<{ stored: string[]; hits: number }> {
  const entries = new Map<string, { value: { data: { body: string } } }>()
  let hits = 0
  const incrementalCache = {
    generateCacheKey: async (url: string, init: RequestInit) => JSON.stringify([url, init.body]),
    lock: async () => async () => {},
    async get(key: string) {
      const entry = entries.get(key)
      if (entry !== undefined) hits += 1
      return entry ?? null
    },
    async set(key: string, value: { data: { body: string } }) {
      entries.set(key, { value })
    },
  }
  const workAsyncStorage = new AsyncLocalStorage()
  const pendingRevalidates: Record<string, Promise<unknown>> = {}
  const workStore = { route: '/page', fetchCache, incrementalCache, pendingRevalidates }
  const storages = { workAsyncStorage, workUnitAsyncStorage: new AsyncLocalStorage() }
  // Their types name everything a server has; this is what the fetch of a page reads.
  vi.stubGlobal('fetch', createPatchedFetcher(globalThis.fetch as never, storages as never))
  await workAsyncStorage.run(workStore, work).finally(vi.unstubAllGlobals)
  await Promise.all(Object.values(pendingRevalidates))
  const stored = [...entries.values()].map(({ value }) => Buffer.from(value.data.body, 'base64').toString())
  return { stored, hits }
}

async function useSession(transport: KVTransport): Promise<void> {
  const store = kvStore({ transport, prefix: `${crypto.randomUUID()}:`, timeout: 10_000 })
  const record = newRecord({ data: { canary: true } })
  await store.create(record, { now: START, limit: 100, whenFull: 'evict-oldest', replaces: null })
  for (const authoritative of [false, true, false, true]) {
    expect(await store.read(record, { authoritative })).toEqual({ kind: 'record', record })
  }
  expect(await store.list(record.userId)).toEqual([record])
  await store.revoke(record.userId, { except: null, now: START })
  for (const authoritative of [false, true]) {
    expect(await store.read(record, { authoritative })).toEqual({ kind: 'missing' })
  }
  expect(await store.list(record.userId)).toEqual([])
}

describe("Next.js' data cache", () => {
  const modes = [
    'auto',
    'default-cache',
    'only-cache',
    'force-cache',
    'default-no-store',
    'only-no-store',
    'force-no-store',
  ]

  it.each(modes)('never sees a record over restTransport, in a segment with fetchCache %j', async (mode) => {
    const seen = await inSegment(mode, () => useSession(transports.restTransport))
    expect(seen).toEqual({ stored: [], hits: 0 })
  })

  it.each(Object.entries(transports))('answers no read over %s', async (_, transport) => {
    for (const mode of ['default-cache', 'force-cache']) {
      expect((await inSegment(mode, () => useSession(transport))).hits).toBe(0)
    }
  })

  it('is filled by clients of Upstash in segments that force it, as their documentation here says', async () => {
    const { stored } = await inSegment('force-cache', () => useSession(transports.upstashTransport))
    expect(stored.length).toBeGreaterThan(0)
    const { stored: byDefault } = await inSegment('default-cache', () =>
      useSession(transports.upstashTransport),
    )
    expect(byDefault).toEqual([])
    const { stored: byVercel } = await inSegment('default-cache', () =>
      useSession(transports.vercelKVTransport),
    )
    expect(byVercel.length).toBeGreaterThan(0)
  })

  it('makes every lookup of @upstash/redis unknown in segments with fetchCache "only-cache"', async () => {
    await expect(
      inSegment('only-cache', () => useSession(transports.upstashTransport)),
    ).rejects.toMatchObject({ code: 'ERR_SESSION_UNKNOWN' })
  })
})
