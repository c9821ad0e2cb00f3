import { describe, expect, it, vi } from 'vitest'
import { callClient, callClientForAll } from '../src/lib/client-call.ts'
import { execTransport } from '../src/lib/exec-transport.ts'
import { isKVReply, type KVCommand, KVError, type KVTransport, replyCode } from '../src/lib/kv-transport.ts'
import { withScriptFlags } from '../src/lib/script-flags.ts'
import { withinTime, withTimeLimit } from '../src/lib/time-limit.ts'

const READ: KVCommand = ['HMGET', 'k', 'f']
const SCRIPT: KVCommand = ['EVAL', 'return 1', '1', 'k']
const FLAGGED: KVCommand = ['EVAL', '#!lua flags=allow-key-locking\nreturn 1', '1', 'k']
const forever = () => new AbortController().signal

/** An error as clients make them: with the command in its text. */
function named(name: string, message = 'canary'): Error {
  return Object.assign(new Error(message), { name })
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'nothing',
    (error: KVError) => [error.name, error.kind, error.reply],
  )
}

describe('the code of a reply', () => {
  it.each<[unknown, string | null]>([
    ['WRONGTYPE Operation against a key', 'WRONGTYPE'],
    ['OOM', 'OOM'],
    ['ERR Error running script: WRONGTYPE canary', 'ERR'],
    ['Command failed: NOAUTH Authentication required', 'NOAUTH'],
    ['canary NOAUTH', null],
    ['Wrongtype', null],
    ['WRONGTYPE: x', null],
    ['A', null],
    ['ABCDEFGHIJKLMNOPQRSTUV x', null],
    ['AB1 x', null],
    ['', null],
    [undefined, null],
    [7, null],
    [{ message: 'OOM' }, null],
    ['ERR Unexpected script shebang flag', 'SHEBANG'],
    ['ERR Unknown Script Shebang', 'SHEBANG'],
    ["ERR Unexpected engine in script shebang: 'lua'", 'SHEBANG'],
    ['ERR Could not find shebang engine', 'SHEBANG'],
  ])('of %j is %j', (message, code) => {
    expect(replyCode(message)).toBe(code)
  })
})

describe('a reply', () => {
  it.each<[unknown, boolean]>([
    [null, true],
    ['', true],
    [0, true],
    [[], true],
    [[null, 'a', 1, [['b']]], true],
    [undefined, false],
    [true, false],
    [{}, false],
    [[1, {}], false],
    [[[undefined]], false],
  ])('can be %j: %j', (value, expected) => {
    expect(isKVReply(value)).toBe(expected)
  })
})

describe('KVError', () => {
  it('says its kind, and the code if there is one', () => {
    expect(new KVError('timeout').message).toBe('edge-session: KV call failed (timeout).')
    expect(new KVError('reply', 'OOM').message).toBe('edge-session: KV call failed (reply OOM).')
  })
})

describe('withinTime', () => {
  it('gives what work gives, and lets go of the signal', async () => {
    const signal = forever()
    const remove = vi.spyOn(signal, 'removeEventListener')
    const add = vi.spyOn(signal, 'addEventListener')
    expect(await withinTime(Promise.resolve(7), signal)).toBe(7)
    await expect(withinTime(Promise.reject(new Error('own')), signal)).rejects.toThrow('own')
    expect(remove.mock.calls.map(([name, listener]) => [name, listener])).toEqual(
      add.mock.calls.map(([name, listener]) => [name, listener]),
    )
  })

  it('ends with the signal, whatever the work does', async () => {
    const control = new AbortController()
    const ended = failureOf(withinTime(new Promise(() => {}), control.signal))
    control.abort()
    expect(await ended).toEqual(['KVError', 'timeout', null])
  })
})

describe('withTimeLimit', () => {
  it('gives what work gives, and leaves no timer behind', async () => {
    using clear = vi.spyOn(globalThis, 'clearTimeout')
    expect(await withTimeLimit(60_000, async ({ aborted }) => aborted)).toBe(false)
    await expect(withTimeLimit(60_000, () => Promise.reject(new Error('own')))).rejects.toThrow('own')
    expect(clear).toHaveBeenCalledTimes(2)
  })

  it('tells work that its time is over, and hears it no more', async () => {
    const heard: AbortSignal[] = []
    const endless = (signal: AbortSignal) => {
      heard.push(signal)
      return new Promise<never>(() => {})
    }
    await expect(withTimeLimit(1, endless)).rejects.toMatchObject({ kind: 'timeout' })
    expect(heard[0]?.aborted).toBe(true)
  })
})

describe('a call of a client that is not ours', () => {
  it('gives its reply, and takes nothing else for one', async () => {
    expect(await callClient(async () => ['a', null], forever())).toEqual(['a', null])
    for (const odd of [undefined, {}, true, [{}]])
      expect(await failureOf(callClient(async () => odd, forever()))).toEqual(['KVError', 'protocol', null])
  })

  it('is not made when the time is over', async () => {
    const call = vi.fn(async () => 'x')
    expect(await failureOf(callClient(call, AbortSignal.abort()))).toEqual(['KVError', 'timeout', null])
    expect(call).not.toHaveBeenCalled()
  })

  it.each<[string, unknown, [string, string | null]]>([
    ['our own error', new KVError('status'), ['status', null]],
    ['a timeout', named('TimeoutError'), ['timeout', null]],
    ['an abort', named('AbortError'), ['timeout', null]],
    ['JSON that is none, to Upstash', named('UpstashJSONParseError'), ['protocol', null]],
    ['JSON that is none', new SyntaxError('Unexpected token'), ['protocol', null]],
    ['a refusal', named('UpstashError', 'WRONGTYPE x, command was: ["get"]'), ['reply', 'WRONGTYPE']],
    ['a refusal without a code', named('UpstashError', 'canary'), ['reply', null]],
    ['a refusal over TCP', named('ReplyError', 'canary'), ['reply', null]],
    ['a refusal with a code alone', named('Error', 'OOM command not allowed'), ['reply', 'OOM']],
    ['a code in the command alone', named('Error', 'canary, command was: OOM x'), ['network', null]],
    ['a network', new TypeError('fetch failed'), ['network', null]],
    ['of another realm', { name: 'AbortError', message: 'x' }, ['timeout', null]],
    ['of odd shape', { name: 7, message: { text: 'OOM' } }, ['network', null]],
    ['a text', 'OOM x', ['network', null]],
    ['nothing', undefined, ['network', null]],
    ['null', null, ['network', null]],
  ])('tells %s by its kind', async (_, error, [kind, reply]) => {
    expect(await failureOf(callClient(() => Promise.reject(error), forever()))).toEqual([
      'KVError',
      kind,
      reply,
    ])
    expect(await failureOf(callClientForAll(() => Promise.reject(error), forever()))).toEqual([
      'KVError',
      kind,
      reply,
    ])
  })

  it('for several gives every reply, or fails as a whole', async () => {
    const all = (replies: readonly unknown[] | null) => callClientForAll(async () => replies, forever())
    expect(await all([1, ['a'], null])).toEqual([1, ['a'], null])
    expect(await failureOf(all(null))).toEqual(['KVError', 'reply', null])
    expect(await failureOf(all([1, named('ReplyError', 'OOM x')]))).toEqual(['KVError', 'reply', 'OOM'])
    expect(await failureOf(all([1, undefined]))).toEqual(['KVError', 'protocol', null])
  })
})

describe('execTransport', () => {
  it('sends one after the other, and believes no bare null', async () => {
    const exec = vi.fn(async ([name]: [string, ...string[]]) => (name === 'GET' ? null : name))
    const transport = execTransport({ exec })
    const together = { atomic: false, signal: forever() }
    expect(await transport([READ, ['DEL', 'k']], together)).toEqual(['HMGET', 'DEL'])
    expect(exec.mock.calls).toEqual([[['HMGET', 'k', 'f']], [['DEL', 'k']]])
    expect(await failureOf(transport([['GET', 'k']], together))).toEqual(['KVError', 'protocol', null])
  })

  it('refuses a transaction before anything is sent, but not a single command', async () => {
    const exec = vi.fn(async () => 'OK')
    const atomically = { atomic: true, signal: forever() }
    expect(await failureOf(execTransport({ exec })([READ, READ], atomically))).toEqual([
      'KVError',
      'protocol',
      null,
    ])
    expect(exec).not.toHaveBeenCalled()
    expect(await execTransport({ exec })([READ], atomically)).toEqual(['OK'])
  })
})

describe('withScriptFlags', () => {
  const together = { atomic: false, signal: forever() }
  function server(refused: () => KVError | null) {
    const sent: KVCommand[][] = []
    const transport: KVTransport = async (commands) => {
      sent.push([...commands])
      const error = commands.some(([, script]) => script?.startsWith('#!')) ? refused() : null
      if (error !== null) throw error
      return commands.map(() => 1)
    }
    return { sent, transport: withScriptFlags(transport) }
  }

  it('flags scripts and nothing else', async () => {
    const { sent, transport } = server(() => null)
    expect(await transport([READ, SCRIPT], together)).toEqual([1, 1])
    expect(await transport([READ], together)).toEqual([1])
    expect(sent).toEqual([[READ, FLAGGED], [READ]])
  })

  it('leaves a server in peace that refused them once', async () => {
    const { sent, transport } = server(() => new KVError('reply', 'SHEBANG'))
    expect(await transport([SCRIPT], together)).toEqual([1])
    expect(await transport([SCRIPT], together)).toEqual([1])
    expect(sent).toEqual([[FLAGGED], [SCRIPT], [SCRIPT]])
  })

  it('repeats nothing for any other reason, nor what may have been applied in part', async () => {
    for (const error of [new KVError('reply', 'ERR'), new KVError('timeout')]) {
      const { sent, transport } = server(() => error)
      await expect(transport([SCRIPT], together)).rejects.toBe(error)
      expect(sent).toEqual([[FLAGGED]])
    }
    const { sent, transport } = server(() => new KVError('reply', 'SHEBANG'))
    await expect(transport([READ, SCRIPT], together)).rejects.toMatchObject({ reply: 'SHEBANG' })
    expect(sent).toEqual([[READ, FLAGGED]])
  })

  it('goes on flagging where the attempt without them failed as well', async () => {
    let down = true
    const sent: (string | undefined)[] = []
    const transport = withScriptFlags(async ([command]) => {
      sent.push(command?.[1])
      if (command?.[1]?.startsWith('#!')) throw new KVError('reply', 'SHEBANG')
      if (down) throw new KVError('network')
      return [1]
    })
    await expect(transport([SCRIPT], together)).rejects.toMatchObject({ kind: 'network' })
    down = false
    expect(await transport([SCRIPT], together)).toEqual([1])
    expect(sent).toEqual([FLAGGED[1], SCRIPT[1], FLAGGED[1], SCRIPT[1]])
  })

  it('passes on what is not a KVError', async () => {
    const error = Object.assign(new Error('own'), { reply: 'SHEBANG' })
    const transport = withScriptFlags(async () => {
      throw error
    })
    await expect(transport([SCRIPT], together)).rejects.toBe(error)
  })
})
