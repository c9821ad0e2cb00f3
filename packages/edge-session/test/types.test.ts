import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import type { Duration } from '../src/lib/duration.ts'
import { createEdgeSession, type EdgeSession, type StatelessEdgeSession } from '../src/lib/edge-session.ts'
import { createKVEngine } from '../src/lib/kv-engine.ts'
import { kvStore } from '../src/lib/kv-store.ts'
import type { JsonObject } from '../src/lib/record.ts'
import type { Session } from '../src/lib/session.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { SECRET } from './support/instance.ts'

interface AppData {
  theme: 'light' | 'dark'
  visits?: number
}

describe('types', () => {
  it('carry the data of the app from one generic to every function', () => {
    const app = createEdgeSession<AppData>()
    expectTypeOf(app).toEqualTypeOf<EdgeSession<AppData>>()
    expectTypeOf(app.getSession).returns.resolves.toEqualTypeOf<Session<AppData> | null>()
    expectTypeOf<Session<AppData>['data']>().toEqualTypeOf<Readonly<AppData>>()
    expectTypeOf(app.updateSession)
      .parameter(0)
      .toEqualTypeOf<Partial<AppData> | ((data: Readonly<AppData>) => AppData)>()
    expectTypeOf(createEdgeSession()).toEqualTypeOf<EdgeSession<JsonObject>>()
  })

  it('take the data from a schema', () => {
    const app = createEdgeSession({ schema: z.object({ theme: z.enum(['light', 'dark']) }) })
    expectTypeOf(app.requireSession)
      .returns.resolves.toHaveProperty('data')
      .toEqualTypeOf<Readonly<{ theme: 'light' | 'dark' }>>()
  })

  it('offer nothing to list or revoke where there is no store', () => {
    const app = createEdgeSession<AppData>({ mode: 'stateless' })
    expectTypeOf(app).toEqualTypeOf<StatelessEdgeSession<AppData>>()
    expectTypeOf(app).not.toHaveProperty('listSessions')
    expectTypeOf(app).not.toHaveProperty('revokeAllSessions')
    expectTypeOf(createEdgeSession).toBeCallableWith({ mode: 'stateless', idle: '1h' })
    // @ts-expect-error a stateless instance has no KV
    expect(() => createEdgeSession({ mode: 'stateless', kv: async () => [] })).toThrow('has no meaning')
  })

  it('know durations', () => {
    expectTypeOf<'15m'>().toExtend<Duration>()
    expectTypeOf<90>().toExtend<Duration>()
    expectTypeOf<'soon'>().not.toExtend<Duration>()
    expectTypeOf<'7 days'>().not.toExtend<Duration>()
  })
})

describe('schema', () => {
  const record = {
    id: 'i',
    userId: 'u',
    version: 1,
    role: null,
    data: { visits: '3' },
    userAgent: null,
    ip: null,
    createdAt: 0,
    authenticatedAt: 0,
    lastSeenAt: 0,
    absoluteEnd: 1,
    idle: 1,
  }
  const kv = restTransport({ url: 'http://127.0.0.1:1', token: 't' })

  it('checks and converts the data on read', async () => {
    const schema = z.object({ visits: z.coerce.number(), theme: z.string().default('light') })
    const engine = createKVEngine({ secret: SECRET, kv, schema }, kvStore)
    expect((await engine.toSession(record))?.data).toEqual({ visits: 3, theme: 'light' })
  })

  it('makes a session of data it refuses into none', async () => {
    const engine = createKVEngine({ secret: SECRET, kv, schema: z.object({ theme: z.string() }) }, kvStore)
    expect(await engine.toSession(record)).toBeNull()
  })
})
