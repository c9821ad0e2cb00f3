import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CacheOptions } from '../../src/lib/cache-options.ts'
import { SECRET, startInstance, type TestInstance } from '../support/instance.ts'
import { report } from './report.ts'
import { directTransport } from './support/direct-transport.ts'
import { OPERATIONS, type Operation, type Subject, visited } from './support/fault-operations.ts'
import { FAULTS, type Fault } from './support/fault-table.ts'

let app: TestInstance & { stop(): Promise<void> }
/** Gives up after 60 ms. */
let hasty: TestInstance
/** Past HTTP, and so past every fault. */
let calm: TestInstance
let users = 0
beforeAll(async () => {
  app = await startInstance({ protect: { routes: ['/dashboard'] }, rotationGrace: '1h' })
  hasty = app.with({ kvTimeout: 60 })
  calm = app.with({ kv: directTransport(app.kv) })
  // The first request of a process may not even reach KV in that time.
  await app.signIn('somebody')
})
afterAll(() => app.stop())

async function arrange(): Promise<Subject> {
  users += 1
  const userId = `canary-user-${users}`
  const [token] = [await calm.signIn(userId, { data: { canary: 1 } }), await calm.signIn(userId)]
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
  const [subject, bystander] = [await arrange(), await arrange()]
  const node = fault.endless ? hasty : app
  const right = operation.right[fault.effect]
  for (const { events } of [app, hasty]) events.length = 0

  const remove = fault.rule === null ? null : kv.faults.add(fault.rule)
  const barrier = fault.rule === null ? kv.barrier({}) : null
  const heard = await hears(operation, node, subject)
  const leaves = await operation.look(calm, subject)
  remove?.()
  // Without haste, as nothing is wrong any more. Late: while the first attempt is still on its way.
  const again = await hears(operation, barrier === null ? app : calm, subject)
  barrier?.release()
  if (barrier !== null) await expect.poll(() => kv.journal().every(({ applied }) => applied > 0)).toBe(true)
  const inTheEnd = await operation.look(calm, subject)
  expect({ hears: heard, leaves, again, inTheEnd }).toEqual(right)

  expectNothingTold(JSON.stringify([app.events, hasty.events]), subject)
  expect((await app.engine.recognise([bystander.token])).outcome).toBe('active')
  kv.clearJournal()
}

describe(`${OPERATIONS.length} operations × ${FAULTS.length} faults`, () => {
  for (const operation of OPERATIONS) {
    describe(operation.name, () => {
      for (const fault of FAULTS) {
        const { hears: heard, leaves } = operation.right[fault.effect]
        it(`${fault.name}: ${heard}, then ${leaves}`, () => proveCell(operation, fault))
      }
    })
  }

  it('leave no cell out', () => {
    const cells = (OPERATIONS.length + CACHED.length) * FAULTS.length
    report('fault table', { operations: OPERATIONS.length + CACHED.length, faults: FAULTS.length, cells })
    expect(cells).toBeGreaterThanOrEqual(240)
    expect(new Set(FAULTS.map(({ effect }) => effect))).toEqual(
      new Set(['dropped', 'lost', 'late', 'harmless']),
    )
  })
})

const LAG = 5_000
const AS_USER = '200 as the user'
const NOT_KNOWN = '503 as nobody, try again in 2'
const SIGNED_OUT = '307 as nobody, a cookie is set'

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
    name: 'a session in memory that was revoked and may be stale',
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
          const { kv } = app
          const node = app.with({ cache, ...(fault.endless && { kvTimeout: 60 }) })
          const announcing = calm.with({ cache })
          const subject = await arrange()
          const page = () => visited(node, subject, '/dashboard')
          for (let warm = 0; warm < 3; warm += 1) await page()
          if (revoked) await announcing.lifecycle.revokeAll(subject.userId, { except: null })
          app.clock.now += LAG
          const remove = fault.rule === null ? null : kv.faults.add(fault.rule)
          const barrier = fault.rule === null ? kv.barrier({}) : null
          const said = await page().finally(() => {
            remove?.()
            barrier?.release()
          })
          expect(said).toBe(during)
          app.clock.now += LAG
          expectNothingTold(JSON.stringify(node.events), subject)
          await expect.poll(page).toBe(right.afterwards)
          kv.clearJournal()
        })
      }
    })
  }
})

describe('a reply cut at any byte', () => {
  it.each(['broken', 'complete'] as const)(
    'proves nothing: %s framing',
    { timeout: 60_000 },
    async (framing) => {
      const { kv } = app
      const { token } = await arrange()
      const [nearest, primary] = await Promise.all([replyTo('HMGET', token), replyTo('EVAL', token)])
      for (let at = 0; at < Math.min(nearest, primary); at += 1) {
        const remove = kv.faults.add({ action: { type: 'truncate', at, framing } })
        const recognised = await app.engine.recognise([token])
        remove()
        expect([at, recognised.outcome]).toEqual([at, 'unknown'])
      }
      expect((await app.engine.recognise([token])).outcome).toBe('active')
      report('truncation', { framing, offsets: Math.min(nearest, primary) })
    },
  )
})

/** Length of KV's real answer to the read of this session. */
async function replyTo(command: 'HMGET' | 'EVAL', token: string): Promise<number> {
  let length = 0
  const watched = app.with({
    kv: async (commands, options) => {
      const replies = await directTransport(app.kv)(commands, options)
      if (commands[0]?.[0] === command) length = JSON.stringify({ result: replies[0] }).length
      return replies
    },
  })
  await watched.engine.recognise([token], { fresh: command === 'EVAL' })
  return length
}
