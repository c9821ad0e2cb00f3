import { describe, expect, it, vi } from 'vitest'
import { createKVConnection } from '../src/lib/kv-connection.ts'
import { KVError, type KVTransport } from '../src/lib/kv-transport.ts'

const COMMAND = { name: 'HMGET', userId: 'alice', args: ['f', 'g'] }
const SCRIPT = { script: 'return 1', userId: 'alice', args: ['a', 7] }

function connect(transport: KVTransport = async () => [1], prefix?: string) {
  const sent = vi.fn<KVTransport>(transport)
  const kv = createKVConnection({ transport: sent, ...(prefix !== undefined && { prefix }) })
  return { kv, commands: () => sent.mock.calls.map(([commands]) => commands), sent }
}

describe('a connection to KV', () => {
  it('sends one command about the key of one user', async () => {
    const { kv, commands, sent } = connect()
    expect(await kv.call('read', COMMAND)).toBe(1)
    expect(commands()).toEqual([[['HMGET', 'session:alice', 'f', 'g']]])
    expect(sent.mock.calls[0]?.[1]).toEqual({ atomic: false, signal: expect.any(AbortSignal) })
    const other = connect(undefined, 'app:')
    await other.kv.call('read', COMMAND)
    expect(other.commands()).toEqual([[['HMGET', 'app:alice', 'f', 'g']]])
    expect(other.kv.keyOf('bob')).toBe('app:bob')
  })

  it('sends a script with its keys, its arguments as text, and a nonce', async () => {
    const { kv, commands } = connect()
    await kv.run('touch', SCRIPT)
    await kv.evaluate('changes', { script: 'return 2', keys: ['k', 'l'], args: [] })
    expect(commands()).toEqual([
      [['EVAL', 'return 1', '1', 'session:alice', 'a', '7', expect.stringMatching(/^[\w-]{8}1$/)]],
      [['EVAL', 'return 2', '2', 'k', 'l', expect.stringMatching(/^[\w-]{8}2$/)]],
    ])
  })

  it('has nonces that nobody has twice, also not another process', () => {
    const [one, two] = [connect().kv, connect().kv]
    const nonces = Array.from({ length: 100 }, () => [one.nonce(), two.nonce()]).flat()
    expect(new Set(nonces).size).toBe(200)
    expect(new Set(nonces.map((nonce) => nonce.slice(0, 8))).size).toBe(2)
  })

  it.each<[string, KVTransport, string]>([
    ['no answer', async () => [], 'protocol'],
    ['two answers', async () => [1, 2], 'protocol'],
    ['an answer that is none', async () => [undefined as never], 'protocol'],
    ['a timeout', () => Promise.reject(new KVError('timeout')), 'timeout'],
    ['a refusal', () => Promise.reject(new KVError('reply', 'OOM')), 'reply OOM'],
    ['anything else', () => Promise.reject(new Error('canary HMGET session:alice')), 'client'],
    ['a mistake of the client', () => Promise.reject(undefined), 'client'],
  ])('says of %s its kind alone', async (_, transport, reason) => {
    const error = await connect(transport)
      .kv.call('read', COMMAND)
      .catch((failure) => failure)
    expect(error).toMatchObject({ code: 'ERR_SESSION_UNKNOWN', operation: 'read', reason })
    expect(error.message).not.toMatch(/canary|alice/)
    expect(error.cause).toBeUndefined()
  })

  it('says aloud, once, that KV refuses the app, and nothing of what it was asked', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    // As in a process that has just begun.
    vi.resetModules()
    const fresh = {
      ...(await import('../src/lib/kv-connection.ts')),
      ...(await import('../src/lib/kv-transport.ts')),
    }
    for (const reply of ['OOM', 'ERR', 'WRONGPASS', 'WRONGPASS', 'NOAUTH', 'NOPERM']) {
      const transport = () => Promise.reject(new fresh.KVError('reply', reply))
      const kv = fresh.createKVConnection({ transport })
      await expect(kv.call('read', COMMAND)).rejects.toMatchObject({ reason: `reply ${reply}` })
    }
    expect(error.mock.calls).toEqual([[expect.stringContaining('KV refuses this app (WRONGPASS)')]])
    expect(String(error.mock.calls)).not.toMatch(/alice|HMGET|(?<!edge-)session:/)
    error.mockRestore()
  })

  it('tells a read that the key is of another type, and nothing else', async () => {
    const { kv } = connect(() => Promise.reject(new KVError('reply', 'WRONGTYPE')))
    await expect(kv.call('read', COMMAND)).rejects.toMatchObject({ name: 'KVError', reply: 'WRONGTYPE' })
    await expect(kv.run('touch', SCRIPT)).rejects.toMatchObject({
      name: 'SessionUnknownError',
      operation: 'touch',
      reason: 'reply WRONGTYPE',
    })
  })
})
