import { Redis } from '@upstash/redis'
import { createClient } from '@vercel/kv'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type LocalKV, startLocalKV } from '../src/index.ts'
import { describeOn, engines } from './support/engines.ts'

const CLIENTS = [
  { client: '@upstash/redis', connect: (kv: LocalKV) => new Redis({ url: kv.url, token: kv.token }) },
  { client: '@vercel/kv', connect: (kv: LocalKV) => createClient({ url: kv.url, token: kv.token }) },
]

describeOn(engines(10))('on $engine', ({ options }) => {
  let kv: LocalKV

  beforeAll(async () => {
    kv = await startLocalKV(options)
  })
  beforeEach(() => kv.flush())
  afterAll(() => kv.stop())

  describe.each(CLIENTS)('$client, unmodified', ({ connect }) => {
    let redis: Redis

    beforeEach(() => {
      redis = connect(kv)
    })

    it('sets and gets text, numbers and JSON', async () => {
      expect(await redis.set('text', 'grüße', { px: 60_000 })).toBe('OK')
      await redis.set('number', 12.5)
      await redis.set('json', { a: [1, null] })

      expect(await redis.get('text')).toBe('grüße')
      expect(await redis.get('number')).toBe(12.5)
      expect(await redis.get('json')).toEqual({ a: [1, null] })
      expect(await redis.get('missing')).toBeNull()
      expect(await redis.pttl('text')).toBeGreaterThan(59_000)
    })

    it('reads and writes hashes', async () => {
      expect(await redis.hset('h', { a: 1, b: 'x', ok: 'OK' })).toBe(3)

      expect(await redis.hgetall('h')).toEqual({ a: 1, b: 'x', ok: 'OK' })
      expect(await redis.hmget('h', 'b', 'c')).toEqual({ b: 'x', c: null })
      expect(await redis.hmget('h', 'c')).toBeNull()
      expect(await redis.hgetall('missing')).toBeNull()
    })

    it('runs scripts', async () => {
      const script =
        '#!lua flags=allow-key-locking\nredis.call("SET", KEYS[1], ARGV[1]) return {KEYS[1], "OK", 7}'

      expect(await redis.eval(script, ['k'], ['v'])).toEqual(['k', 'OK', 7])
      expect(await redis.createScript<unknown>(script).exec(['k'], ['v'])).toEqual(['k', 'OK', 7])
      expect(await redis.evalRo('return redis.call("GET", KEYS[1])', ['k'], [])).toBe('v')
    })

    it('runs transactions and pipelines', async () => {
      expect(await redis.multi().set('k', 1).incr('k').get('k').exec()).toEqual(['OK', 2, 2])
      expect(await redis.pipeline().get('k').hgetall('missing').exec()).toEqual([2, null])
      await expect(redis.pipeline().get('k').hget('k', 'f').exec()).rejects.toThrow('WRONGTYPE')
    })

    it('pipelines by itself what is asked for at the same time', async () => {
      await redis.mset({ a: 1, b: 2 })
      const before = kv.stats()

      expect(await Promise.all([redis.get('a'), redis.get('b')])).toEqual([1, 2])
      expect(kv.stats().requests - before.requests).toBe(1)
    })

    it('sends raw commands', async () => {
      expect(await redis.exec(['HMGET', 'missing', 'f'])).toEqual([null])
    })

    it('reports wrong credentials', async () => {
      const stranger = connect({ ...kv, token: 'wrong' })

      await expect(stranger.get('k')).rejects.toThrow('WRONGPASS invalid or missing auth token')
    })

    it('receives published messages', async () => {
      const subscriber = redis.subscribe<string>('news')
      await new Promise((resolve) => subscriber.on('subscribe', resolve))
      const message = new Promise((resolve) => subscriber.on('message', resolve))
      await redis.publish('news', 'hello')

      expect(await message).toEqual({ channel: 'news', message: 'hello' })
      await subscriber.unsubscribe()
    })
  })
})
