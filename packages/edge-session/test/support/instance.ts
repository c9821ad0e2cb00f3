import { type LocalKV, startLocalKV } from 'local-kv'
import type { SessionEvent } from '../../src/lib/events.ts'
import { createKVEngine, type KVEngine } from '../../src/lib/kv-engine.ts'
import { kvStore } from '../../src/lib/kv-store.ts'
import { createLifecycle, type Lifecycle } from '../../src/lib/lifecycle.ts'
import type { EdgeSessionOptions } from '../../src/lib/options.ts'
import { createProxyFunction, type ProxyFunction } from '../../src/lib/proxy.ts'
import type { JsonObject } from '../../src/lib/record.ts'
import type { SessionStore } from '../../src/lib/session-store.ts'
import { restTransport } from '../../src/lib/transports/rest.ts'
import { redisOfWorker } from './redis-databases.ts'
import { SECRET } from './secrets.ts'
import { expectEveryKeyToExpire, type TimeToLiveOptions, watched } from './time-to-live.ts'

export { OTHER_SECRET, SECRET } from './secrets.ts'

/** An instance on a local KV, with its clock and its events in the test's hands. */
export interface TestInstance {
  readonly kv: LocalKV
  readonly engine: KVEngine<JsonObject, SessionStore>
  readonly proxy: ProxyFunction
  readonly lifecycle: Lifecycle
  readonly events: SessionEvent[]
  readonly clock: { now: number }
  /** Another instance (another node, another deployment) on the same KV and clock. */
  with(options: EdgeSessionOptions): TestInstance
  /** Commands that KV was sent while `work` ran. */
  commandsDuring<Result>(
    work: () => Promise<Result>,
  ): Promise<{ result: Result; commands: number; requests: number }>
  /** A token as a signed-in browser has it. */
  signIn(
    userId: string,
    fields?: Partial<{ role: string; data: JsonObject; idle: number; remember: boolean }>,
  ): Promise<string>
}

/** When it stops, and before that after each test while there are few, every key of its KV has a time to live. */
export async function startInstance(
  options: EdgeSessionOptions = {},
  { keysMayStay = false }: TimeToLiveOptions = {},
): Promise<TestInstance & { stop(): Promise<void> }> {
  const redis = redisOfWorker()
  const kv = await startLocalKV({
    token: 'local-kv-token',
    ...(redis && { redis }),
  })
  await kv.flush()
  if (!keysMayStay) watched.add(kv)
  const stop = async () => {
    try {
      if (watched.delete(kv)) await expectEveryKeyToExpire(kv)
    } finally {
      await kv.stop()
    }
  }
  return { ...createInstance(kv, { now: Date.now() }, options), stop }
}

function createInstance(kv: LocalKV, clock: { now: number }, options: EdgeSessionOptions): TestInstance {
  const events: SessionEvent[] = []
  const engine = createKVEngine<JsonObject, SessionStore>(
    {
      secret: SECRET,
      kv: restTransport({ url: kv.url, token: kv.token }),
      now: () => clock.now,
      // A busy machine is no outage.
      kvTimeout: '1m',
      onEvent: (event) => events.push(event),
      ...options,
    },
    kvStore,
  )
  const lifecycle = createLifecycle(engine.parts())
  return {
    kv,
    lifecycle,
    engine,
    events,
    clock,
    proxy: createProxyFunction(engine),
    with: (more) => createInstance(kv, clock, { ...options, ...more }),

    async commandsDuring(work) {
      const before = kv.stats()
      const result = await work()
      const after = kv.stats()
      return {
        result,
        commands: after.commands - before.commands,
        requests: after.requests - before.requests,
      }
    },

    async signIn(
      userId,
      { role = null as string | null, data = {}, idle = engine.config.idle, remember = true } = {},
    ) {
      const { now } = clock
      const { token } = await lifecycle.create(
        {
          userId,
          role,
          data,
          idle,
          userAgent: 'test',
          ip: null,
          version: 1,
          createdAt: now,
          authenticatedAt: now,
          lastSeenAt: now,
          absoluteEnd: now + engine.config.absolute,
        },
        { remember, previous: null },
      )
      return token
    },
  }
}
