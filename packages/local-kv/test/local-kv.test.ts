import { afterEach, describe, expect, it, vi } from 'vitest'
import { type LocalKV, type LocalKVOptions, startLocalKV } from '../src/index.ts'
import { describeOn, engines } from './support/engines.ts'
import { failureOf, rest, restText } from './support/rest.ts'

describe('startLocalKV()', () => {
  const running: LocalKV[] = []
  const start = async (options?: LocalKVOptions) => {
    const kv = await startLocalKV(options)
    running.push(kv)
    return kv
  }

  afterEach(async () => {
    vi.restoreAllMocks()
    await Promise.all(running.splice(0).map((kv) => kv.stop()))
  })

  it('listens on a free loopback port with a token of its own', async () => {
    const [one, two] = [await start(), await start()]

    expect(one.url).toBe(`http://127.0.0.1:${one.port}`)
    expect(one.port).not.toBe(two.port)
    expect(one.token).not.toBe(two.token)
    expect(one.token).toMatch(/^[\w-]{32}$/)
    expect(one.controlUrl).toBeNull()
  })

  // Elsewhere than on Linux, one address is all of 127.0.0.0/8 that there is.
  it.each(process.platform === 'linux' ? ['localhost', '127.0.0.5'] : ['localhost'])(
    'listens on %s',
    async (host) => {
      expect(await restText(await start({ host }), 'PING')).toBe('{"result":"PONG"}')
    },
  )

  it.each(['0.0.0.0', '::', '192.168.1.1', 'example.com', ''])('refuses to listen on %j', async (host) => {
    await expect(startLocalKV({ host })).rejects.toThrow('is not a loopback address')
  })

  it.each([
    [{ token: '' }, 'a token is empty'],
    [{ redis: 'http://localhost' }, 'redis is not a Redis URL'],
    [{ redis: 'redis://127.0.0.1:1' }, 'cannot use Redis at 127.0.0.1:1 (ECONNREFUSED)'],
  ])('refuses the options %j', async (options, message) => {
    await expect(startLocalKV(options)).rejects.toThrow(message)
  })

  it('says when the port is taken', async () => {
    const { port } = await start()

    await expect(startLocalKV({ port })).rejects.toThrow(`port ${port} on 127.0.0.1 is already in use`)
  })

  it('counts requests and commands', async () => {
    const kv = await start()
    const before = kv.stats()
    await restText(kv, 'GET', 'a')
    await rest(kv, {
      path: '/pipeline',
      body: [
        ['get', 'a'],
        ['SET', 'a', 'b'],
        ['GET', 'a'],
      ],
    })
    await rest(kv, { path: '/multi-exec', body: [['SET', 'a', 'b'], ['NOPE']] })
    await fetch(kv.url)
    await kv.command('GET', 'a')

    expect(before).toEqual({ requests: 0, commands: 0, byCommand: {}, perRequest: [] })
    expect(kv.stats()).toEqual({
      requests: 4,
      commands: 6,
      byCommand: { GET: 3, SET: 2, NOPE: 1 },
      perRequest: [1, 3, 2, 0],
    })
    kv.resetStats()
    expect(kv.stats()).toEqual(before)
  })

  it('keeps a journal of the commands', async () => {
    const kv = await start()
    await rest(kv, {
      path: '/pipeline',
      body: [
        ['SET', 'a', 'b'],
        ['GET', 'a'],
      ],
    })
    await rest(kv, { method: 'GET', path: '/get/a' })

    expect(kv.journal()).toEqual([
      expect.objectContaining({
        request: 1,
        form: 'pipeline',
        command: ['SET', 'a', 'b'],
        applied: 1,
        status: 200,
      }),
      expect.objectContaining({
        request: 1,
        form: 'pipeline',
        command: ['GET', 'a'],
        at: expect.any(Number),
      }),
      expect.objectContaining({
        request: 2,
        form: 'single',
        command: ['get', 'a'],
        servedBy: 'primary',
        faults: [],
      }),
    ])
    kv.clearJournal()
    expect(kv.journal()).toEqual([])
  })

  it('lets time pass when Date.now does', async () => {
    const kv = await start()
    await kv.command('SET', 'k', 'v', 'EX', 3600)
    const now = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(now + 3_599_000)
    expect(await restText(kv, 'GET', 'k')).toBe('{"result":"v"}')
    vi.spyOn(Date, 'now').mockReturnValue(now + 3_601_000)
    expect(await restText(kv, 'GET', 'k')).toBe('{"result":null}')
  })

  it('pauses and comes back on the same port with its data', async () => {
    const kv = await start()
    await restText(kv, 'SET', 'k', 'v')
    await Promise.all([kv.pause(), kv.pause()])

    expect(await failureOf(rest(kv))).toMatch(/ECONNREFUSED|UND_ERR_SOCKET|ECONNRESET/)
    expect(await failureOf(rest(kv))).toBe('ECONNREFUSED')
    expect(await kv.command('GET', 'k')).toBe('v')
    await Promise.all([kv.resume(), kv.resume()])
    expect(await restText(kv, 'GET', 'k')).toBe('{"result":"v"}')
  })

  it('pauses and resumes in the order it is told to, and stays stopped', async () => {
    const kv = await start()
    await Promise.all([kv.pause(), kv.resume(), kv.pause(), kv.resume()])
    expect(await restText(kv, 'PING')).toBe('{"result":"PONG"}')
    await Promise.all([kv.stop(), kv.resume()])
    expect(await failureOf(rest(kv))).toMatch(/ECONNREFUSED|UND_ERR_SOCKET|ECONNRESET/)
  })

  it('cuts running requests when it pauses', async () => {
    const kv = await start()
    const barrier = kv.barrier({ command: 'GET' })
    const request = failureOf(rest(kv, { body: ['GET', 'k'] }))
    await barrier.held
    await kv.pause()

    expect(await request).toBe('UND_ERR_SOCKET')
  })

  it('answers running requests before it stops', async () => {
    const kv = await start()
    const barrier = kv.barrier({ command: 'SET' })
    const request = restText(kv, 'SET', 'k', 'v')
    await barrier.held
    await Promise.all([kv.stop(), kv.stop()])

    expect(await request).toBe('{"result":"OK"}')
    expect(await failureOf(rest(kv))).toMatch(/ECONNREFUSED|UND_ERR_SOCKET|ECONNRESET/)
    await expect(kv.command('PING')).rejects.toThrow('this server is stopped')
  })

  it('gives up what hangs, waits or streams when it stops', async () => {
    const kv = await start()
    kv.faults.add({ match: { command: 'GET' }, action: { type: 'hang' } })
    kv.faults.add({ match: { command: 'SET' }, action: { type: 'delay', ms: 60_000 } })
    const events = await rest(kv, { path: '/subscribe/news' })
    const failures = ['GET', 'SET'].map((name) => failureOf(rest(kv, { body: [name, 'k', 'v'] })))
    await expect.poll(() => kv.stats().commands, { interval: 2 }).toBe(3)
    const began = performance.now()
    await kv.stop()

    expect(performance.now() - began).toBeLessThan(500)
    expect(await Promise.all(failures)).toEqual(['UND_ERR_SOCKET', 'UND_ERR_SOCKET'])
    expect(await failureOf(Promise.resolve(events))).toBe('UND_ERR_SOCKET')
  })

  describeOn(engines(15))('command() on $engine', ({ options }) => {
    it('gives text, numbers, lists, null and errors as they are', async () => {
      const kv = await start(options)
      await kv.flush()

      expect(await kv.command('SET', 'k', 'v')).toBe('OK')
      expect(await kv.command('GET', 'k')).toBe('v')
      expect(await kv.command('PTTL', 'k')).toBe(-1)
      expect(await kv.command('INCRBY', 'n', '9007199254740993')).toBe(9007199254740993n)
      expect(await kv.command('MGET', 'k', 'x')).toEqual(['v', null])
      await expect(kv.command('HGET', 'k', 'f')).rejects.toThrow('WRONGTYPE')
      await expect(kv.command('SHUTDOWN')).rejects.toThrow('not available')
      expect(kv.stats().commands).toBe(0)
      await kv.flush()
      expect(await kv.command('DBSIZE')).toBe(0)
    })
  })
})
