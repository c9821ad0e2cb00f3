import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type LocalKV, startLocalKV } from '../src/index.ts'
import { describeOn, engines } from './support/engines.ts'
import { rest } from './support/rest.ts'

const key = fc.constantFrom('a', 'b', 'c', 'd')
const field = fc.constantFrom('f', 'g', 'h')
const value = fc.constantFrom('', '0', '7', '-3', '1.5', 'text', 'grüße', '1|{"a":1}', '9223372036854775807')
const index = fc.integer({ min: -4, max: 4 }).map(String)
const longLife = fc.integer({ min: 1_000_000, max: 9_000_000 }).map(String)
const condition = fc.constantFrom('NX', 'XX', 'GT', 'LT')

const SCRIPTS = [
  'return redis.call("HMGET", KEYS[1], ARGV[1], "g")',
  'local t = redis.call("TYPE", KEYS[1]).ok if t == "hash" then return redis.call("HINCRBY", KEYS[1], "n", 1) end return t',
  'if redis.call("HEXISTS", KEYS[1], ARGV[1]) == 1 then redis.call("HSET", KEYS[1], "h", "x") return {1, "OK"} end return {0, false}',
  'return redis.call("INCR", KEYS[1])',
  'return redis.pcall("LPUSH", KEYS[1], ARGV[1])',
  'return {KEYS[1], #ARGV[1], {redis.sha1hex(ARGV[1])}}',
  'return cjson.encode({a = ARGV[1], b = {1, 2}})',
  'return redis.error_reply("MINE it failed")',
]

const command = fc.oneof(
  fc.tuple(
    fc.constantFrom('GET', 'TYPE', 'EXISTS', 'DEL', 'STRLEN', 'GETDEL', 'PERSIST', 'INCR', 'DECR', 'HGETALL'),
    key,
  ),
  fc.tuple(fc.constantFrom('HLEN', 'HKEYS', 'HVALS', 'LLEN', 'LPOP', 'RPOP', 'SCARD', 'ZCARD'), key),
  fc.tuple(
    fc.constantFrom('SET', 'SETNX', 'GETSET', 'APPEND', 'RPUSH', 'LPUSH', 'SADD', 'SREM', 'SISMEMBER'),
    key,
    value,
  ),
  fc.tuple(fc.constant('SET'), key, value, fc.constantFrom('NX', 'XX', 'GET', 'KEEPTTL')),
  fc.tuple(fc.constantFrom('SET'), key, value, fc.constant('PX'), longLife),
  fc.tuple(fc.constantFrom('HGET', 'HDEL', 'HEXISTS', 'HSTRLEN'), key, field),
  fc.tuple(fc.constantFrom('HMGET', 'HDEL'), key, field, field),
  fc.tuple(fc.constantFrom('HSET', 'HSETNX'), key, field, value),
  fc.tuple(fc.constant('HSET'), key, field, value, field, value),
  fc.tuple(fc.constant('HINCRBY'), key, field, fc.constantFrom('1', '-2', '9223372036854775807')),
  fc.tuple(fc.constantFrom('LRANGE', 'LTRIM', 'ZRANGE'), key, index, index),
  fc.tuple(fc.constant('GETRANGE'), key, index, fc.constantFrom('0', '2', '-1')),
  fc.tuple(fc.constant('ZADD'), key, fc.constantFrom('1', '2.5', '-inf'), field),
  fc.tuple(fc.constantFrom('ZSCORE', 'ZRANK', 'ZREM'), key, field),
  fc.tuple(fc.constant('PEXPIRE'), key, longLife, condition),
  fc.tuple(fc.constant('PEXPIRE'), key, fc.constantFrom('-1', '5000000')),
  fc
    .tuple(
      fc
        .constantFrom('RENAME', 'RENAMENX', 'COPY', 'MGET', 'SMOVE')
        .chain((name) => fc.tuple(fc.constant(name), key, key, ...(name === 'SMOVE' ? [value] : []))),
    )
    .map(([parts]) => parts),
  fc.tuple(
    fc.constantFrom('EVAL', 'EVAL_RO'),
    fc.constantFrom(...SCRIPTS),
    fc.constant('1'),
    key,
    fc.oneof(field, value),
  ),
  fc.constantFrom(['DBSIZE'], ['FLUSHDB'], ['NOPE', 'a'], ['GET'], ['ECHO', 'x']),
)

/** The same run every time; `FUZZ_SEED` and `FUZZ_RUNS` look further. */
const { FUZZ_SEED = '1', FUZZ_RUNS = '150' } = process.env
const parameters = { seed: Number(FUZZ_SEED), numRuns: Number(FUZZ_RUNS) }

const batch = fc.record({
  path: fc.constantFrom('/pipeline', '/pipeline', '/multi-exec'),
  body: fc.array(command, { minLength: 1, maxLength: 40 }),
})

const counterparts = [{ engine: 'another embedded engine', options: {} }, ...engines(11).slice(1)]

describeOn(counterparts)('the embedded engine and $engine', ({ options }) => {
  let embedded: LocalKV
  let other: LocalKV

  beforeAll(async () => {
    embedded = await startLocalKV()
    other = await startLocalKV(options)
  })
  afterAll(() => Promise.all([embedded.stop(), other.stop()]))

  const both = <Result>(ask: (kv: LocalKV) => Promise<Result>): Promise<[Result, Result]> =>
    Promise.all([ask(embedded), ask(other)])

  it('answer well-formed commands alike', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
        await both((kv) => kv.flush())
        for (const sent of batches) {
          const [answer, otherAnswer] = await both(async (kv) => (await rest(kv, sent)).text())
          expect(answer).toBe(otherAnswer)
        }
      }),
      parameters,
    )
  })

  it('keep the same lifetimes', async () => {
    await fc.assert(
      fc.asyncProperty(batch, async (sent) => {
        await both((kv) => kv.flush())
        await both(async (kv) => (await rest(kv, sent)).text())
        for (const name of ['a', 'b', 'c', 'd']) {
          const [lifetime, otherLifetime] = await both(async (kv) => Number(await kv.command('PTTL', name)))
          expect(Math.abs(lifetime - otherLifetime)).toBeLessThan(20_000)
        }
      }),
      parameters,
    )
  })
})
