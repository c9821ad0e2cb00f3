import { type LocalKV, startLocalKV } from 'local-kv'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { createEdgeSession, type EdgeSession } from '../../src/lib/edge-session.ts'
import type { EdgeSessionOptions } from '../../src/lib/options.ts'
import type { JsonObject } from '../../src/lib/record.ts'
import { restTransport } from '../../src/lib/transports/rest.ts'
import { redisOfWorker } from './redis-databases.ts'
import { SECRET } from './secrets.ts'
import { expectEveryKeyToExpire, type TimeToLiveOptions } from './time-to-live.ts'

/** What an app has: its KV, a clock, and the functions of the package. */
export interface AppOfTest {
  readonly kv: LocalKV
  now: number
  /** An app on this KV. */
  make(options?: EdgeSessionOptions): EdgeSession<JsonObject>
  commandsDuring(work: () => Promise<unknown>): Promise<number>
}

/** One for all tests of a file, its KV emptied before each. After each, every key has a time to live. */
export function appOfTests({ keysMayStay = false }: TimeToLiveOptions = {}): AppOfTest {
  let kv: LocalKV
  const site = {
    now: Date.now(),

    get kv() {
      return kv
    },

    make: (options: EdgeSessionOptions = {}) =>
      createEdgeSession<JsonObject>({
        secret: SECRET,
        kv: restTransport({ url: kv.url, token: kv.token }),
        now: () => site.now,
        kvTimeout: '1m',
        ...options,
      }),

    async commandsDuring(work: () => Promise<unknown>) {
      const before = kv.stats().commands
      await work()
      return kv.stats().commands - before
    },
  }

  beforeAll(async () => {
    const redis = redisOfWorker()
    kv = await startLocalKV({ token: 'local-kv-token', ...(redis && { redis }) })
  })
  afterAll(() => kv.stop())
  beforeEach(async () => {
    kv.faults.clear()
    await kv.flush()
    site.now = Date.now()
  })
  afterEach(async () => {
    if (!keysMayStay) await expectEveryKeyToExpire(kv)
  })
  return site
}
