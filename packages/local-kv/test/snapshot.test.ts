import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type LocalKV, startLocalKV } from '../src/index.ts'

describe('snapshot', () => {
  let folder: string
  let snapshot: string
  const running: LocalKV[] = []

  const start = async () => {
    const kv = await startLocalKV({ snapshot })
    running.push(kv)
    return kv
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'local-kv-'))
    snapshot = join(folder, 'sub', 'kv.snapshot')
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await Promise.all(running.splice(0).map((kv) => kv.stop()))
    await rm(folder, { recursive: true })
  })

  it('is written after a change even if it could not be after an earlier one', async () => {
    const told = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const kv = await start()
    await writeFile(join(folder, 'sub'), 'in the way')
    await kv.command('SET', 'a', '1')
    await expect.poll(() => told.mock.calls.length, { timeout: 5000 }).toBe(1)
    await rm(join(folder, 'sub'))
    await kv.command('SET', 'b', '2')
    await expect.poll(() => readFile(snapshot, 'latin1').catch(() => ''), { timeout: 5000 }).toContain('b')
    await kv.stop()
    expect(await (await start()).command('GET', 'a')).toBe('1')
  })

  it('brings every type and the remaining lifetimes back', async () => {
    const before = await start()
    await before.command('SET', 'text', new Uint8Array([0, 255, 10]))
    await before.command('HSET', 'hash', 'a', '1', 'b', 'grüße')
    await before.command('RPUSH', 'list', 'a', 'b')
    await before.command('SADD', 'set', 'a')
    await before.command('ZADD', 'zset', '1.5', 'a')
    await before.command('XADD', 'stream', '5-1', 'f', 'v')
    await before.command('XGROUP', 'CREATE', 'stream', 'group', '0')
    await before.command('PEXPIRE', 'hash', 100_000)
    await before.stop()
    const after = await start()

    expect(await after.command('STRLEN', 'text')).toBe(3)
    expect(await after.command('HGETALL', 'hash')).toEqual(['a', '1', 'b', 'grüße'])
    expect(await after.command('LRANGE', 'list', 0, -1)).toEqual(['a', 'b'])
    expect(await after.command('SISMEMBER', 'set', 'a')).toBe(1)
    expect(await after.command('ZSCORE', 'zset', 'a')).toBe('1.5')
    expect(await after.command('XRANGE', 'stream', '-', '+')).toEqual([['5-1', ['f', 'v']]])
    expect(await after.command('XREADGROUP', 'GROUP', 'group', 'me', 'STREAMS', 'stream', '>')).toHaveLength(
      1,
    )
    expect(await after.command('PTTL', 'hash')).toBeGreaterThan(90_000)
    expect(await after.command('PTTL', 'list')).toBe(-1)
    expect(await after.command('HSET', 'hash', 'c', '3')).toBe(1)
  })

  it('leaves out what expired meanwhile', async () => {
    const before = await start()
    await before.command('SET', 'short', 'x', 'PX', 10_000)
    await before.command('SET', 'long', 'x', 'PX', 100_000)
    await before.stop()
    const now = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(now + 50_000)
    const after = await start()

    expect(await after.command('KEYS', '*')).toEqual(['long'])
  })

  it('is readable by its owner only and leaves no other file behind', async () => {
    const kv = await start()
    await kv.command('SET', 'k', 'v')
    await kv.stop()

    expect((await stat(snapshot)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(folder, 'sub'))).toEqual(['kv.snapshot'])
  })

  it('is written soon after a change, without a stop', async () => {
    const kv = await start()
    await kv.command('SET', 'k', 'v')

    await expect
      .poll(() => readFile(snapshot, 'latin1'), { interval: 20, timeout: 5000 })
      .toContain('local-kv snapshot 1')
  })

  it.each([
    ['cut', (content: Buffer) => content.subarray(0, content.length - 3)],
    ['foreign', () => Buffer.from('not a snapshot')],
    ['empty', () => Buffer.alloc(0)],
  ])('starts empty with one warning when the file is %s, and keeps it', async (_, damage) => {
    const before = await start()
    await before.command('SET', 'k', 'v')
    await before.stop()
    const damaged = damage(await readFile(snapshot))
    await writeFile(snapshot, damaged)
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const after = await start()

    expect(await after.command('DBSIZE')).toBe(0)
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0]).toMatch(
      /^local-kv: the snapshot .* is damaged; starting empty and keeping it as .*\.$/,
    )
    const kept = (await readdir(join(folder, 'sub'))).find((name) => name.startsWith('kv.snapshot.corrupt-'))
    expect(await readFile(join(folder, 'sub', kept ?? ''))).toEqual(damaged)
  })

  it('cannot be used together with a real Redis', async () => {
    await expect(startLocalKV({ snapshot, redis: 'redis://127.0.0.1:1' })).rejects.toThrow(
      'snapshot and redis are both given',
    )
  })
})
