import { inspect } from 'node:util'
import { Redis as UpstashRedis } from '@upstash/redis'
import { Redis as UpstashOnCloudflare } from '@upstash/redis/cloudflare'
import { createClient as createVercelKV } from '@vercel/kv'
import { Redis as IORedis } from 'ioredis'
import { type LocalKV, startLocalKV } from 'local-kv'
import { createClient, createClientPool, RESP_TYPES } from 'redis'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { kvStore } from '../src/lib/kv-store.ts'
import type { KVCommand, KVTransport } from '../src/lib/kv-transport.ts'
import { ioredisTransport } from '../src/lib/transports/ioredis.ts'
import { redisTransport } from '../src/lib/transports/redis.ts'
import { restTransport } from '../src/lib/transports/rest.ts'
import { upstashTransport } from '../src/lib/transports/upstash.ts'
import { vercelKVTransport } from '../src/lib/transports/vercel-kv.ts'
import { ON_REDIS, provideRedis } from './support/provide-redis.ts'
import { newId, newRecord, START } from './support/records.ts'
import { freePort } from './support/redis-server.ts'

const CREATE = { now: START, limit: 100, whenFull: 'evict-oldest', replaces: null } as const
const PATIENT = AbortSignal.timeout(60_000)
const TOGETHER = { atomic: false, signal: PATIENT }

const kv = await startLocalKV({ token: 'canary-token' })
const redis = await provideRedis(15)
const closings: (() => unknown)[] = [() => redis?.stop(), kv.stop]
afterAll(async () => {
  for (const close of closings.reverse()) await close()
})
afterEach(() => kv.faults.clear())

function optionsOf({ url, token }: LocalKV) {
  return { url, token, enableTelemetry: false, retry: { retries: 0 } }
}

interface TransportUnderTest {
  readonly name: string
  readonly transport: KVTransport
}

const overHttp: readonly TransportUnderTest[] = [
  { name: 'restTransport', transport: restTransport(kv) },
  { name: 'upstashTransport', transport: upstashTransport(new UpstashRedis(optionsOf(kv))) },
  {
    name: 'upstashTransport of Cloudflare',
    transport: upstashTransport(new UpstashOnCloudflare(optionsOf(kv))),
  },
  { name: 'vercelKVTransport', transport: vercelKVTransport(createVercelKV(optionsOf(kv))) },
]

const url = redis?.url ?? 'redis://nowhere.invalid'
const ioredis = new IORedis(url, { lazyConnect: true })
const client = createClient({ url }).on('error', () => {})
const pool = createClientPool({ url }).on('error', () => {})
if (redis !== null) {
  await Promise.all([ioredis.connect(), client.connect(), pool.connect()])
  closings.push(
    () => ioredis.disconnect(),
    () => client.close(),
    () => pool.close(),
  )
}
const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
const overTcp: readonly TransportUnderTest[] = [
  { name: 'ioredisTransport', transport: ioredisTransport(ioredis) },
  { name: 'redisTransport', transport: redisTransport(client) },
  { name: 'redisTransport of a pool', transport: redisTransport(pool) },
  { name: 'redisTransport of a client that answers with Buffers', transport: redisTransport(buffers) },
]

describe.each(overHttp)('$name', answersAsRedisMeans)
describe.each(overHttp.slice(0, 1))('$name', runsTransactions)
describe.skipIf(redis === null)(ON_REDIS, () => {
  describe.each(overTcp)('$name', answersAsRedisMeans)
  describe.each(overTcp)('$name', runsTransactions)
})

function answersAsRedisMeans({ name, transport }: TransportUnderTest): void {
  const key = `transports-test:${name}`
  const send = async (...command: KVCommand) => (await transport([command], TOGETHER))[0]

  it('gives back texts as they were stored', async () => {
    const texts = ['1|1|{"a":1}', 'x 1', '1 2 3', 'é日本\u2028👩', '', ' ', 'OK x', '\u0000']
    await send('DEL', key)
    await send('HSET', key, ...texts.flatMap((text, i) => [`f${i}`, text]))
    const fields = texts.map((_, i) => `f${i}`)
    expect(await send('HMGET', key, ...fields, 'absent')).toEqual([...texts, null])
    const list = await send('EVAL', "return redis.call('HGETALL', KEYS[1])", '1', key)
    expect(list).toEqual(expect.arrayContaining([...texts, ...fields]))
    expect(await send('EVAL', "return {0, 1, 'x', {2, 'y'}}", '1', key)).toEqual([0, 1, 'x', [2, 'y']])
    expect(await send('HMGET', `${key}:absent`, 'a', 'b')).toEqual([null, null])
  })

  it('answers several commands in their order', async () => {
    const commands: KVCommand[] = [
      ['DEL', key],
      ['HSET', key, 'a', 'x1'],
      ['HSET', key, 'a', 'x2', 'b', 'x3'],
      ['HMGET', key, 'a', 'b'],
    ]
    expect((await transport(commands, TOGETHER)).slice(1)).toEqual([1, 1, ['x2', 'x3']])
  })

  it('rejects with the code of what Redis refused, and nothing of the command', async () => {
    await send('SET', `${key}:text`, 'canary')
    const error = await send('HMGET', `${key}:text`, 'canary').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'KVError', kind: 'reply', reply: 'WRONGTYPE' })
    const inScript = send('EVAL', "return redis.call('HGET', KEYS[1], ARGV[1])", '1', `${key}:text`, 'canary')
    await expect(inScript).rejects.toMatchObject({ kind: 'reply', reply: 'WRONGTYPE' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(
      /canary(?!-token)|HMGET|transports-test/,
    )
    expect(error instanceof Error && error.cause).toBeUndefined()
  })

  it('sends nothing once the time is over', async () => {
    const signal = AbortSignal.abort()
    await send('DEL', key)
    const late = transport([['HSET', key, 'a', '1']], { atomic: false, signal })
    await expect(late).rejects.toMatchObject({ kind: 'timeout' })
    expect(await send('HMGET', key, 'a')).toEqual([null])
  })
}

function runsTransactions({ name, transport }: TransportUnderTest): void {
  const key = `transports-test:atomic:${name}`
  const atomically = { atomic: true, signal: PATIENT }

  it('runs several commands as one transaction', async () => {
    const commands: KVCommand[] = [
      ['DEL', key],
      ['HSET', key, 'a', 'x'],
      ['HMGET', key, 'a', 'b'],
    ]
    expect((await transport(commands, atomically)).slice(1)).toEqual([1, ['x', null]])
  })

  it('rejects when one command of a transaction fails', async () => {
    await transport([['SET', key, 'text']], TOGETHER)
    const failing = transport(
      [
        ['HMGET', key, 'a'],
        ['DEL', key],
      ],
      atomically,
    )
    await expect(failing).rejects.toMatchObject({ name: 'KVError', kind: 'reply' })
  })
}

describe.each(overHttp)('$name', ({ name, transport }) => {
  it('asks Upstash to lock the key of a script only', async () => {
    const key = newId()
    await transport([['EVAL', 'return 1', '1', key]], TOGETHER)
    const sent = kv.journal().map(({ command }) => command)
    expect(sent.filter((command) => command.includes(key))).toEqual([
      ['EVAL', '#!lua flags=allow-key-locking\nreturn 1', '1', key],
    ])
  })

  it.each([
    ['a reset connection', { type: 'reset', when: 'after' }, { kind: 'network' }],
    ['a refused connection', { type: 'refuse' }, { kind: 'network' }],
    ['a broken answer', { type: 'truncate', at: 5 }, {}],
    ['a short answer', { type: 'truncate', at: 5, framing: 'complete' }, { kind: 'protocol' }],
    ['no JSON', { type: 'body', body: '<html>canary</html>' }, { kind: 'protocol' }],
    ['an empty body', { type: 'body', body: '' }, { kind: 'protocol' }],
    ['null', { type: 'body', body: 'null' }, {}],
    ['an empty object', { type: 'body', body: '{}' }, {}],
    ['a list', { type: 'body', body: '[]' }, {}],
    ['an object for a result', { type: 'body', body: '{"result":{"canary":1}}' }, { kind: 'protocol' }],
    [
      'an error of status 500',
      { type: 'status', status: 500, body: '{"error":"ERR canary"}' },
      { reply: 'ERR' },
    ],
    [
      'a limit',
      { type: 'status', status: 429, body: '{"error":"ERR max requests limit exceeded"}' },
      { kind: 'limited', reply: null },
    ],
    ['a page of status 502', { type: 'status', status: 502, body: '<html>canary</html>' }, {}],
  ] as const)('rejects with a KVError and says nothing more: %s', async (_, action, expected) => {
    kv.faults.add({ action })
    const failing = transport([['HMGET', 'canary-key', 'canary-field']], TOGETHER)
    const error = await failing.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'KVError', ...expected })
    const told = inspect(error, { depth: 10, showHidden: true }).replace(/\n\s+at .*/g, '')
    expect(told).not.toMatch(/canary|HMGET|127\.0\.0\.1/)
    expect(error instanceof Error && error.cause).toBeUndefined()
  })

  it('rejects when the token is wrong, without showing it', async () => {
    const options = { ...optionsOf(kv), token: 'canary-wrong' }
    const wrong =
      name === 'restTransport' ? restTransport(options) : upstashTransport(new UpstashRedis(options))
    const error = await wrong([['HMGET', 'k', 'f']], TOGETHER).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'reply', reply: 'WRONGPASS' })
    expect(inspect(error, { showHidden: true }).replace(/\n\s+at .*/g, '')).not.toContain('canary')
  })

  it('rejects when its time is over, whatever the server does', async () => {
    kv.faults.add({ action: { type: 'hang' } })
    const signal = AbortSignal.timeout(30)
    const hanging = transport([['HMGET', 'k', 'f']], { atomic: false, signal })
    await expect(hanging).rejects.toMatchObject({ kind: 'timeout' })
  })
})

describe.each(overHttp.slice(1))('$name', ({ transport }) => {
  it('refuses several commands as one transaction', async () => {
    const commands: KVCommand[] = [
      ['DEL', 'a'],
      ['DEL', 'b'],
    ]
    const refused = transport(commands, { atomic: true, signal: PATIENT })
    await expect(refused).rejects.toMatchObject({ kind: 'protocol' })
  })

  it('does not believe a bare null', async () => {
    const read = transport([['HGET', newId(), 'f']], TOGETHER)
    await expect(read).rejects.toMatchObject({ kind: 'protocol' })
  })
})

describe('a client whose own signal fires', () => {
  const record = newRecord()
  const user = { userId: record.userId, id: record.id }

  it.each<[string, () => AbortSignal]>([
    ['null, made of an error', () => AbortSignal.timeout(30)],
    ['text, made of nothing', () => AbortSignal.abort(null)],
    ['null, made of an object', () => AbortSignal.abort({ result: 'canary' })],
    ['text', () => AbortSignal.abort('canary')],
    ['text that reads like a record', () => AbortSignal.abort('{"userId":"root"}')],
  ])('never turns a session into a missing one: %s', async (_, signal) => {
    kv.faults.add({ action: { type: 'hang' } })
    for (const enableAutoPipelining of [true, false]) {
      const options = { ...optionsOf(kv), enableAutoPipelining, signal: signal() }
      for (const transport of [
        upstashTransport(new UpstashRedis(options)),
        vercelKVTransport(createVercelKV(options)),
      ]) {
        const store = kvStore({ transport, timeout: 5_000 })
        const unknown = { code: 'ERR_SESSION_UNKNOWN' }
        await expect(store.read(user, { authoritative: false })).rejects.toMatchObject(unknown)
        await expect(store.read(user, { authoritative: true })).rejects.toMatchObject(unknown)
        await expect(store.destroy(user)).rejects.toMatchObject(unknown)
        await expect(store.create(record, CREATE)).rejects.toMatchObject(unknown)
        await expect(store.list(user.userId)).rejects.toMatchObject(unknown)
      }
    }
  })
})

describe('a client that is busy with something else', () => {
  it("does not mix its broken pipeline into a session's answer", async () => {
    const client = new UpstashRedis(optionsOf(kv))
    const store = kvStore({ transport: upstashTransport(client), timeout: 10_000 })
    const users = ['alice', 'bob', 'carol'].map((userId) => newRecord({ userId, data: { userId } }))
    for (const record of users) await store.create(record, CREATE)
    const poison = client.set('poison', 1n).catch(() => {})
    const reads = users.map((record) => store.read(record, { authoritative: false }))
    const others = [client.get('a'), client.get('b')].map((call) => call.catch(() => {}))
    expect(await Promise.all(reads)).toEqual(users.map((record) => ({ kind: 'record', record })))
    await Promise.all([poison, ...others])
  })
})

describe('a Redis that is away', () => {
  it('is a network error or a timeout to every client over TCP', async () => {
    const port = await freePort()
    const ioredis = new IORedis(port, {
      enableOfflineQueue: false,
      lazyConnect: true,
      retryStrategy: () => null,
    })
    ioredis.on('error', () => {})
    const queueing = new IORedis(port, { maxRetriesPerRequest: null })
    queueing.on('error', () => {})
    const client = createClient({ socket: { host: '127.0.0.1', port } }).on('error', () => {})
    const command: KVCommand = ['HMGET', 'canary', 'f']
    const call = (transport: KVTransport) =>
      transport([command], { atomic: false, signal: AbortSignal.timeout(200) }).catch(
        (error: unknown) => error,
      )
    expect(await call(ioredisTransport(ioredis))).toMatchObject({ name: 'KVError', kind: 'network' })
    expect(await call(ioredisTransport(queueing))).toMatchObject({ name: 'KVError', kind: 'timeout' })
    expect(await call(redisTransport(client))).toMatchObject({ name: 'KVError', kind: 'network' })
    ioredis.disconnect()
    queueing.disconnect()
  })
})

describe.skipIf(redis === null)(`plain Redis, which refuses the flags of scripts, ${ON_REDIS}`, () => {
  it('is sent them once', async () => {
    const scripts: string[] = []
    const transport = ioredisTransport({
      multi: (commands) => ioredis.multi(commands),
      call(name, args) {
        scripts.push(args[0] ?? '')
        return ioredis.call(name, args)
      },
    })
    for (let i = 0; i < 3; i += 1) await transport([['EVAL', 'return 1', '1', 'key']], TOGETHER)
    expect(scripts).toEqual(['#!lua flags=allow-key-locking\nreturn 1', 'return 1', 'return 1', 'return 1'])
  })
})
