import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { SessionUnknownError, type StoreOperation } from '../src/lib/errors.ts'
import { kvStore } from '../src/lib/kv-store.ts'
import { KVError, type KVReply, type KVTransport } from '../src/lib/kv-transport.ts'
import { encodeState, encodeTimes } from '../src/lib/record-codec.ts'
import type { SessionStore } from '../src/lib/session-store.ts'
import { newId, newRecord, START } from './support/records.ts'

const RECORD = newRecord({ userId: 'canary-user', data: { canary: 'canary-data' } })
const CREATE = { now: START, limit: 100, whenFull: 'evict-oldest', replaces: null } as const

/** Every operation, and the replies that say something to it. */
const OPERATIONS: readonly {
  readonly name: string
  readonly operation: StoreOperation
  readonly run: (store: SessionStore) => Promise<unknown>
  readonly meaningful?: readonly unknown[]
}[] = [
  { name: 'create', operation: 'create', run: (store) => store.create(RECORD, CREATE) },
  { name: 'read', operation: 'read', run: (store) => store.read(RECORD, { authoritative: false }) },
  {
    name: 'authoritative read',
    operation: 'read',
    run: (store) => store.read(RECORD, { authoritative: true }),
  },
  {
    name: 'touch',
    operation: 'touch',
    run: (store) => store.touch(RECORD, { now: START }),
    meaningful: [0, 1],
  },
  { name: 'update', operation: 'update', run: (store) => store.update(RECORD), meaningful: [[0], [1]] },
  {
    name: 'rotate',
    operation: 'rotate',
    run: (store) => store.rotate(RECORD, { nextId: newId(), graceEnd: START }),
    meaningful: [0],
  },
  {
    name: 'rotate without grace',
    operation: 'rotate',
    run: (store) => store.rotate(RECORD, { nextId: newId(), graceEnd: null }),
    meaningful: [0, 1],
  },
  { name: 'destroy', operation: 'destroy', run: (store) => store.destroy(RECORD), meaningful: [0, 1] },
  { name: 'list', operation: 'list', run: (store) => store.list(RECORD.userId), meaningful: [[]] },
  {
    name: 'revoke',
    operation: 'revoke',
    run: (store) => store.revoke(RECORD.userId, { except: null, now: START }),
    meaningful: [0, 1, 7],
  },
]

/** What a cache, a proxy, a client whose time is up or a server of another kind may answer. */
const REPLIES: readonly unknown[] = [
  null,
  undefined,
  '',
  'OK',
  'i·\u001d',
  '{"userId":"root"}',
  'null',
  0,
  1,
  7,
  [],
  [null],
  [0],
  [1],
  ['1'],
  [null, null],
  [null, null, null],
  [null, null, null, null, null],
  [null, null, null, 'x'],
  [0, 0, 0, null],
  [{}, null, null, null],
  [[], [], [], []],
  [2],
  [2, null, null],
  [2, 'x', 'x'],
  [3, encodeState(RECORD), encodeTimes(RECORD)],
  [1, null],
  [1, 'x'],
  [7, 0],
  { result: null },
  {},
  true,
]

function answering(replies: unknown): KVTransport {
  return async () => replies as readonly KVReply[]
}

describe('an answer that makes no sense', () => {
  for (const { name, operation, run, meaningful = [] } of OPERATIONS) {
    const senseless = REPLIES.filter(
      (reply) => !meaningful.some((other) => inspect(other) === inspect(reply)),
    )
    it(`leaves it unknown what became of ${name}: ${senseless.length} answers`, async () => {
      for (const reply of senseless) {
        const outcome = run(kvStore({ transport: answering([reply]) }))
        await expect(outcome, inspect(reply)).rejects.toMatchObject({
          code: 'ERR_SESSION_UNKNOWN',
          operation,
        })
      }
    })

    it(`leaves it unknown what became of ${name} when there are none or two`, async () => {
      const empty = [null, null, null, null]
      for (const replies of [[], [empty, empty], [0, 0], [1, 1], null, undefined, 'text', {}]) {
        const outcome = run(kvStore({ transport: answering(replies) }))
        await expect(outcome, inspect(replies)).rejects.toThrow(SessionUnknownError)
      }
    })
  }

  it('is not confused with four proven nulls', async () => {
    const store = kvStore({ transport: answering([[null, null, null, null]]) })
    expect(await store.read(RECORD, { authoritative: true })).toEqual({ kind: 'missing' })
  })
})

describe('a failure of KV', () => {
  it.each([
    [
      'a client that quotes the command',
      (command: string) => new Error(`ERR failed, command was: ${command}`),
    ],
    ['a client that keeps the command', (command: string) => Object.assign(new Error('failed'), { command })],
    ['a chain of causes', (command: string) => new Error('outer', { cause: new Error(command) })],
    ['something that is no error', (command: string) => command],
    [
      'a KVError with more in it',
      (command: string) => Object.assign(new KVError('reply', 'ERR'), { command }),
    ],
    [
      'WRONGTYPE with more in it',
      (command: string) => Object.assign(new KVError('reply', 'WRONGTYPE'), { command }),
    ],
  ])('says the operation and nothing else: %s', async (_, failure) => {
    const transport: KVTransport = async (commands) => {
      throw failure(JSON.stringify(commands))
    }
    for (const { name, operation, run } of OPERATIONS) {
      const outcome = await run(kvStore({ transport, prefix: 'canary-prefix:' })).catch(
        (error: unknown) => error,
      )
      if (operation === 'read' && !(outcome instanceof Error)) {
        expect(outcome, name).toEqual({ kind: 'corrupt' })
        continue
      }
      expect(outcome, name).toBeInstanceOf(SessionUnknownError)
      expect(outcome, name).toMatchObject({ operation, code: 'ERR_SESSION_UNKNOWN' })
      const told = inspect(outcome, { depth: 10, showHidden: true }).replace(/\n\s+at .*/g, '')
      expect(told, name).not.toMatch(/canary|command|HMGET|EVAL|redis\.call/)
      expect(told, name).not.toContain(RECORD.id)
      expect(outcome instanceof Error && outcome.cause).toBeUndefined()
    }
  })

  it('ends in time with a transport that ignores the signal', async () => {
    const transport = vi.fn<KVTransport>(() => new Promise(() => {}))
    const store = kvStore({ transport, timeout: 20 })
    const outcomes = await Promise.allSettled(OPERATIONS.map(({ run }) => run(store)))
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_SESSION_UNKNOWN' } })
    }
    expect(transport).toHaveBeenCalledTimes(OPERATIONS.length)
    for (const [, { signal }] of transport.mock.calls) expect(signal.aborted).toBe(true)
  })

  it('takes no time from the next call', async () => {
    const answers: KVTransport[] = [
      () => new Promise(() => {}),
      (_, { signal }) => (signal.aborted ? Promise.reject(new KVError('timeout')) : Promise.resolve([1])),
    ]
    const transport = vi.fn<KVTransport>((...call) => (answers.shift() ?? answering([]))(...call))
    const store = kvStore({ transport, timeout: 20 })
    await expect(store.destroy(RECORD)).rejects.toMatchObject({ reason: 'timeout' })
    expect(await store.destroy(RECORD)).toBe(true)
  })

  it('is not changed by an answer or an error that comes too late', async () => {
    const late: ((failed: Error | null) => void)[] = []
    const transport: KVTransport = () =>
      new Promise((resolve, reject) => {
        late.push((error) => (error === null ? resolve([[null, null, null, null]]) : reject(error)))
      })
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const store = kvStore({ transport, timeout: 20 })
    const reads = [true, false].map((authoritative) => store.read(RECORD, { authoritative }))
    const outcomes = await Promise.allSettled(reads)
    late[0]?.(null)
    late[1]?.(new Error('late'))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('is no reason to try again: that is for the caller to decide', async () => {
    const transport = vi.fn<KVTransport>(async () => {
      throw new KVError('network')
    })
    const store = kvStore({ transport })
    await Promise.allSettled(OPERATIONS.map(({ run }) => run(store)))
    expect(transport).toHaveBeenCalledTimes(OPERATIONS.length)
  })
})

describe('kvStore', () => {
  it.each(['', ' ', 'a b', 'é', 'a\n', 'x'.repeat(65)])('refuses the prefix %j', (prefix) => {
    expect(() => kvStore({ transport: answering([]), prefix })).toThrow('"prefix" must be')
  })
})
