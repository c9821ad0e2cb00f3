import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import type { JournalEntry } from 'local-kv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CacheOptions } from '../../src/lib/cache-options.ts'
import type { KVTransport } from '../../src/lib/kv-transport.ts'
import type { EdgeSessionOptions } from '../../src/lib/options.ts'
import { PASSIVE_HEADER } from '../../src/lib/passive-header.ts'
import { restTransport } from '../../src/lib/transports/rest.ts'
import { SECRET, startInstance, type TestInstance } from '../support/instance.ts'
import { report } from './report.ts'
import { directTransport } from './support/direct-transport.ts'
import {
  AS_USER,
  NOT_KNOWN,
  OPERATIONS,
  type Operation,
  SIGNED_OUT,
  type Subject,
  visited,
} from './support/fault-operations.ts'
import { FAULTS, type Fault } from './support/fault-table.ts'
import { impatientTransport } from './support/impatient-transport.ts'
import { computeCryptoPromptly } from './support/prompt-crypto.ts'

computeCryptoPromptly()

let app: TestInstance & { stop(): Promise<void> }
/** Past HTTP, and so past every fault. */
let calm: TestInstance
/** Answers everything with a body that only begins as gzip does. */
const garbler = createServer((_, response) => {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  response
    .writeHead(200, headers)
    .end(Buffer.from('\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xffcanary-of-kv', 'latin1'))
})
/** The fault that is on. */
let current: Fault | null = null
let users = 0
/** The cells of which everything was asserted. */
const proven = new Set<string>()
/** What pages said during faults, wherever somebody came with a token whose session was alive, or had ended. */
const said = { live: 0, ended: 0, clearedLive: 0, deadAsActive: 0, deadAsActiveByStaleIfError: 0 }

beforeAll(async () => {
  app = await startInstance({ protect: { routes: ['/dashboard'] }, rotationGrace: '1h' })
  calm = app.with({ kv: directTransport(app.kv) })
  await new Promise<void>((resolve) => garbler.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  garbler.closeAllConnections()
  garbler.close()
  await app.stop()
})

/** What a node needs so that this fault strikes it; `null` if it strikes any. */
function optionsFor({ endless, rule }: Fault): EdgeSessionOptions | null {
  if (endless) return { kv: impatientTransport(app.kv, isHeld) }
  return rule === 'garbled' ? { kv: over(garbling) } : null
}

/** Whether the fault that is on has done to it what it does, but for the answer that never comes. */
function isHeld({ applied }: JournalEntry): boolean {
  return current !== null && (current.effect !== 'lost' || applied > 0)
}

/** KV, by way of such a `fetch`. */
function over(send: typeof fetch): KVTransport {
  return restTransport({ url: app.kv.url, token: app.kv.token, fetch: send })
}

/** What is asked is carried out; a real HTTP answer in place of KV's own, as `fetch` itself is what undoes gzip. */
async function garbling(...request: Parameters<typeof fetch>): Promise<Response> {
  const answer = await fetch(...request)
  if (current?.rule !== 'garbled') return answer
  await answer.arrayBuffer()
  return fetch(`http://127.0.0.1:${(garbler.address() as AddressInfo).port}`)
}

/** Begins a fault; the result ends it. */
function begin(fault: Fault): () => void {
  const { rule } = fault
  const end =
    rule === 'held' ? app.kv.barrier({}).release : rule === 'garbled' ? null : app.kv.faults.add(rule)
  current = fault
  return () => {
    current = null
    end?.()
  }
}

async function arrange(): Promise<Subject> {
  users += 1
  const userId = `canary-user-${users}`
  const [token] = await Promise.all([calm.signIn(userId, { data: { canary: 1 } }), calm.signIn(userId)])
  const recognised = await calm.engine.recognise([token])
  if (recognised.outcome !== 'active') throw new Error(`not active: ${recognised.outcome}`)
  // Time for activity to be recorded.
  app.clock.now += 120_000
  return { userId, token, held: recognised }
}

/** What the caller hears: a result, or the code of one of our errors, which tells nothing else. */
async function hears(operation: Operation, node: TestInstance, subject: Subject): Promise<string> {
  try {
    return await operation.act(node, subject)
  } catch (error) {
    const told = inspect(error, { depth: 10, showHidden: true }).replace(/\n\s+at .*/g, '')
    expectNothingTold(told, subject)
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    return code
  }
}

function expectNothingTold(text: string, { token, held }: Subject): void {
  const secrets = [token, held.token.claims.sid, SECRET, app.kv.token, new URL(app.kv.url).host]
  for (const secret of secrets) expect(text).not.toContain(secret)
  expect(text).not.toMatch(/canary(?!-user)|redis\.call|HMGET|EVAL|(?<!edge-)session:|<html/)
}

async function proveCell(operation: Operation, fault: Fault): Promise<void> {
  const { kv } = app
  const subject = await arrange()
  if (operation.revoked) await calm.lifecycle.revoke(subject.held.record)
  const options = optionsFor(fault)
  const node = options === null ? app : app.with(options)
  const right = operation.right[fault.effect]
  app.events.length = 0

  const end = begin(fault)
  const heard = await hears(operation, node, subject)
  const leaves = await operation.look(calm, subject)
  await visitMeanwhile(node, subject)
  // Late: while the first attempt is still on its way. Else nothing is wrong any more.
  const isLate = fault.rule === 'held'
  if (!isLate) end()
  const again = await hears(operation, isLate ? calm : app, subject)
  if (isLate) {
    end()
    await expect
      .poll(() => kv.journal().every(({ applied }) => applied > 0), { interval: 1, timeout: 15_000 })
      .toBe(true)
  }
  const inTheEnd = await operation.look(calm, subject)
  expect({ fault: fault.name, hears: heard, leaves, again, inTheEnd }).toEqual({
    fault: fault.name,
    ...right,
  })

  expectNothingTold(JSON.stringify([app.events, node.events]), subject)
  kv.clearJournal()
}

/** A page that asks for nothing to be renewed or recorded, so that it leaves everything as it is. */
async function visitMeanwhile(node: TestInstance, subject: Subject): Promise<void> {
  const { outcome } = await calm.engine.recognise([subject.token])
  const answer = await visited(node, subject, '/dashboard', { [PASSIVE_HEADER]: '1' })
  tell(answer, { alive: outcome === 'active', staleIfError: false })
}

function tell(answer: string, { alive, staleIfError }: { alive: boolean; staleIfError: boolean }): void {
  said[alive ? 'live' : 'ended'] += 1
  if (alive && /cookie is (cleared|taken away)/.test(answer)) said.clearedLive += 1
  if (!alive && answer.includes('as the user'))
    said[staleIfError ? 'deadAsActiveByStaleIfError' : 'deadAsActive'] += 1
}

/** Nobody else is the worse for it. */
async function sparingOthers(work: () => Promise<void>): Promise<void> {
  const { token } = await arrange()
  await work()
  expect((await app.engine.recognise([token])).outcome).toBe('active')
}

describe(`${OPERATIONS.length} operations × ${FAULTS.length} faults`, () => {
  for (const operation of OPERATIONS) {
    describe(operation.name, () => {
      for (const fault of FAULTS) {
        const { hears: heard, leaves } = operation.right[fault.effect]
        it(`${fault.name}: ${heard}, then ${leaves}`, async () => {
          await sparingOthers(() => proveCell(operation, fault))
          proven.add(`${operation.name} × ${fault.name}`)
        })
      }
    })
  }
})

const LAG = 5_000

/** What a node with a cache says once its feed is due: during the fault, and after it. */
const CACHED: readonly {
  readonly name: string
  readonly cache: CacheOptions
  readonly revoked: boolean
  readonly right: Readonly<Record<'failing' | 'harmless' | 'afterwards', string>>
}[] = [
  {
    name: 'a session in memory',
    cache: {},
    revoked: false,
    right: { failing: NOT_KNOWN, harmless: AS_USER, afterwards: AS_USER },
  },
  {
    name: 'a session in memory that may be stale',
    cache: { staleIfError: '1h' },
    revoked: false,
    right: { failing: AS_USER, harmless: AS_USER, afterwards: AS_USER },
  },
  {
    name: 'a session in memory that was revoked',
    cache: {},
    revoked: true,
    right: { failing: NOT_KNOWN, harmless: SIGNED_OUT, afterwards: SIGNED_OUT },
  },
  {
    // The one exception to "a dead session is never active", which an app has to ask for: see `CacheOptions`.
    name: 'a session in memory that was revoked and may be stale (staleIfError)',
    cache: { staleIfError: '1h' },
    revoked: true,
    right: { failing: AS_USER, harmless: SIGNED_OUT, afterwards: SIGNED_OUT },
  },
]

describe(`a cache: ${CACHED.length} situations × ${FAULTS.length} faults`, () => {
  for (const { name, cache, revoked, right } of CACHED) {
    describe(name, () => {
      for (const fault of FAULTS) {
        const during = fault.effect === 'harmless' ? right.harmless : right.failing
        it(`${fault.name}: ${during}, then ${right.afterwards}`, async () => {
          const node = app.with({ cache, ...optionsFor(fault) })
          const announcing = calm.with({ cache })
          const subject = await arrange()
          const page = () => visited(node, subject, '/dashboard')
          for (let warm = 0; warm < 3; warm += 1) await page()
          if (revoked) await announcing.lifecycle.revokeAll(subject.userId, { except: null })
          app.clock.now += LAG
          const end = begin(fault)
          const answer = await page().finally(end)
          expect(answer).toBe(during)
          tell(answer, { alive: !revoked, staleIfError: cache.staleIfError !== undefined })
          app.clock.now += LAG
          expectNothingTold(JSON.stringify(node.events), subject)
          expect(await page()).toBe(right.afterwards)
          app.kv.clearJournal()
          proven.add(`${name} × ${fault.name}`)
        })
      }
    })
  }
})

describe('a node by itself gives up', () => {
  it.each(FAULTS.filter(({ endless }) => endless))('$name, once its time is over', async (fault) => {
    const { token } = await arrange()
    const end = begin(fault)
    const found = await app.with({ kvTimeout: 60 }).engine.recognise([token]).finally(end)
    expect(found).toMatchObject({ outcome: 'unknown', error: { reason: 'timeout' } })
  })
})

it('the fault table leaves no cell out', () => {
  const [operations, faults, cells] = [OPERATIONS.length + CACHED.length, FAULTS.length, proven.size]
  report('fault table', { operations, faults, cells, ...said })
  expect(cells).toBe(operations * faults)
  expect(cells).toBeGreaterThanOrEqual(240)
  expect(said).toMatchObject({ clearedLive: 0, deadAsActive: 0 })
  expect(said.live + said.ended).toBe(cells)
  expect(said.ended).toBeGreaterThan(cells / 4)
  expect(new Set(FAULTS.map(({ effect }) => effect))).toEqual(
    new Set(['dropped', 'lost', 'late', 'harmless']),
  )
})

/** What a read comes to when the reply of one command is cut short, and when it is whole. */
const READS: readonly {
  readonly name: string
  readonly revoked?: true
  readonly fresh?: true
  readonly cut: 'HMGET' | 'EVAL'
  readonly failing?: 'EVAL'
  readonly short: string
  readonly whole: string
}[] = [
  { name: 'nearest reply', cut: 'HMGET', short: 'active', whole: 'active' },
  {
    name: 'nearest reply, primary failing',
    cut: 'HMGET',
    failing: 'EVAL',
    short: 'unknown',
    whole: 'active',
  },
  { name: 'authoritative reply', fresh: true, cut: 'EVAL', short: 'unknown', whole: 'active' },
  {
    name: 'nearest reply of one revoked',
    revoked: true,
    cut: 'HMGET',
    short: 'none',
    whole: 'none',
  },
  {
    name: 'authoritative reply of one revoked',
    revoked: true,
    cut: 'EVAL',
    short: 'unknown',
    whole: 'none',
  },
]

const FAILS = { type: 'status', status: 500 } as const

/** A lost answer leaves something else behind than a lost request. */
const WRITES = OPERATIONS.filter(({ right }) => right.lost.leaves !== right.dropped.leaves)
const LIST = OPERATIONS.filter(({ name }) => name === 'list')
/** See `once-more.ts`. */
const ASKED_ONCE_MORE = WRITES.filter(({ name }) => ['rotate', 're-authenticate'].includes(name))

const CUTS =
  process.env.PROVE === '1' ? 'any byte' : 'any byte (to writes, the list and the feed: any fourth)'

describe.each(['broken', 'complete'] as const)(`a reply cut at ${CUTS}, %s framing`, (framing) => {
  const cutAt = (at: number) => ({ type: 'truncate', at, framing }) as const
  let offsets = 0
  afterAll(() => report('truncation', { framing, offsets }))

  it.each(READS)('$name: $short', async ({ revoked, fresh = false, cut, failing, short, whole }) => {
    const { kv } = app
    const { token, held } = await arrange()
    if (revoked) await calm.lifecycle.revoke(held.record)
    const read = async (node: TestInstance) => (await node.engine.recognise([token], { fresh })).outcome
    const length = await lengthOf(cut, read)
    for (let at = 0; at <= length; at += 1) {
      const end = kv.faults.add({ match: { command: cut }, action: cutAt(at) })
      const down = failing && kv.faults.add({ match: { command: failing }, action: FAILS })
      const outcome = await read(app)
      end()
      down?.()
      expect({ at, outcome }).toEqual({ at, outcome: at < length ? short : whole })
    }
    offsets += length
  })

  it.each([...WRITES, ...LIST])('$name: as if no answer came', async (operation) => {
    const length = await lengthOf('EVAL', async (node) => operation.act(node, await arrange()))
    await sparingOthers(async () => {
      for (const at of offsetsOf(length)) {
        const effect = at < length ? 'lost' : 'harmless'
        await proveCell(operation, { name: `cut at ${at}`, effect, rule: { action: cutAt(at) } })
      }
    })
    offsets += offsetsOf(length).length - 1
  })

  it.each([
    { name: 'a changed session', revoked: false, right: 'active new' },
    { name: 'a revoked one', revoked: true, right: 'none' },
  ])('the feed, for $name in memory: KV is asked instead', async ({ revoked, right }) => {
    const cache = { revocationLag: LAG }
    const announcing = calm.with({ cache })
    /** A node that has the session in memory, and now has to read the feed. */
    const due = async (node: TestInstance) => {
      const subject = await arrange()
      for (let warm = 0; warm < 3; warm += 1) await ask(node, subject)
      if (revoked) await announcing.lifecycle.revokeAll(subject.userId, { except: null })
      else await announcing.lifecycle.update(subject.held, (record) => ({ ...record, role: 'new' }))
      app.clock.now += LAG
      return subject
    }
    const ask = async (node: TestInstance, { token }: Subject) => {
      const recognised = await node.engine.recognise([token])
      return recognised.outcome === 'active' ? `active ${recognised.record.role}` : recognised.outcome
    }
    const length = await lengthOf('changes:', async (node) => {
      const caching = node.with({ cache })
      await ask(caching, await due(caching))
    })
    const node = app.with({ cache })
    for (const at of offsetsOf(length)) {
      const subject = await due(node)
      const end = app.kv.faults.add({ match: { command: 'EVAL', key: 'changes:*' }, action: cutAt(at) })
      const said = await ask(node, subject)
      end()
      expect({ at, said }).toEqual({ at, said: right })
      app.clock.now += LAG
      expect({ at, said: await ask(node, subject) }).toEqual({ at, said: right })
    }
    offsets += offsetsOf(length).length - 1
  })

  it.each(ASKED_ONCE_MORE)('$name: as if nothing was wrong, when the second is whole', async (operation) => {
    const length = await lengthOf('EVAL', async (node) => operation.act(node, await arrange()))
    await sparingOthers(async () => {
      for (const at of offsetsOf(length).slice(0, -1)) {
        const rule = { match: { times: 1 }, action: cutAt(at) }
        await proveCell(operation, { name: `first cut at ${at}`, effect: 'harmless', rule })
      }
    })
    offsets += offsetsOf(length).length - 1
  })
})

/** Where to cut a reply, its end included: everywhere with PROVE=1, else at every fourth byte. */
function offsetsOf(length: number): readonly number[] {
  const step = process.env.PROVE === '1' ? 1 : 4
  return Array.from({ length: length + 1 }, (_, at) => at).filter((at) => at % step === 0 || at === length)
}

/** Bytes of KV's whole reply to this command, or to the last one on the feed, as it was sent. */
async function lengthOf(
  command: 'HMGET' | 'EVAL' | 'changes:',
  work: (node: TestInstance) => Promise<unknown>,
): Promise<number> {
  let length = 0
  const measuring: typeof fetch = async (url, init) => {
    const response = await fetch(url, init)
    const bytes = await response.clone().arrayBuffer()
    const [name, , , key] = JSON.parse(String(init?.body))
    if (name === command || String(key).startsWith(command)) length = bytes.byteLength
    return response
  }
  await work(app.with({ kv: over(measuring) }))
  // Else there is nothing to cut.
  expect(length).toBeGreaterThan(0)
  return length
}
