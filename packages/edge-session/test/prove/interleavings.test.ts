import fc from 'fast-check'
import { type LocalKV, startLocalKV } from 'local-kv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EdgeSessionOptions } from '../../src/lib/options.ts'
import { OTHER_SECRET, SECRET } from '../support/instance.ts'
import { report } from './report.ts'
import { createInterleaving, type Settled, type Turn } from './support/interleaving.ts'
import { computeCryptoPromptly } from './support/prompt-crypto.ts'
import {
  createNode,
  kvStores,
  type MakeStore,
  memoryStores,
  NOW,
  type Node,
  type Pace,
} from './support/raced-nodes.ts'
import { PATIENCE, runs, SEED, seeded } from './support/settings.ts'

/** A minute later there is activity to record, and time to rotate. */
const LATER = () => NOW + 120_000

computeCryptoPromptly()

let kv: LocalKV
beforeAll(async () => {
  kv = await startLocalKV()
})
afterAll(() => kv.stop())

/** What a race has: a user of its own, a node that nobody disturbs, and as many others as it wants. */
interface Scene {
  readonly userId: string
  readonly calm: Node
  readonly start: <Result>(
    name: string,
    work: (node: Node) => Promise<Result>,
    options?: EdgeSessionOptions,
  ) => Promise<Settled<Result>>
  readonly run: () => Promise<void>
}

interface Race {
  readonly name: string
  readonly options?: EdgeSessionOptions
  readonly race: (scene: Scene) => Promise<void>
}

const RACES: readonly Race[] = [
  {
    name: 'sign-out against two nodes that record activity: nothing comes back',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const { record } = await calm.held(token)
      const touches = ['touch 1', 'touch 2'].map((name) => start(name, (node) => touch(node, record)))
      const ended = start('sign-out', async (node) => node.lifecycle.destroy(await node.open(token)))
      await run()
      await Promise.all(touches)
      expect(await ended).toEqual({ value: true, code: null })
      expect(await calm.lookup(token)).toBe('revoked')
      expect(await calm.lifecycle.list(userId)).toEqual([])
    },
  },
  {
    name: 'rotation on three nodes, one of them with another secret first: one successor for all',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const held = await calm.held(token)
      const rotations = [SECRET, SECRET, [OTHER_SECRET, SECRET]].map((secret, n) =>
        start(`rotate ${n}`, (node) => node.lifecycle.rotate(held), { secret }),
      )
      await run()
      const [live, ...others] = await calm.lifecycle.list(userId)
      expect(others).toEqual([])
      const settled = await Promise.all(rotations)
      expect(settled.map(({ code }) => code)).toEqual([null, null, null])
      expect(live?.id).not.toBe(held.record.id)
      // A node may lack the secret of the rotation that won; then the old token serves until its grace ends.
      const ids = settled.flatMap(({ value }) => value?.record.id ?? [])
      expect(new Set(ids)).toEqual(new Set([live?.id]))
      expect(settled[0]?.value?.record.id).toBe(settled[1]?.value?.record.id)
      expect(await calm.lookup(token)).toBe('active')
      expect((await calm.recordOf(token)).id).toBe(live?.id)
    },
  },
  {
    name: 'rotation against the revocation of that very session: dead under both ids',
    async race({ userId, calm, start, run }) {
      const { token, record } = await calm.signIn(userId)
      const held = await calm.held(token)
      const rotations = [1, 2].map((n) => start(`rotate ${n}`, (node) => node.lifecycle.rotate(held)))
      const revoked = start('revoke', (node) => node.lifecycle.revoke(record))
      await run()
      expect((await revoked).value).toBe(true)
      for (const { value } of await Promise.all(rotations)) {
        if (value !== null) expect(await calm.lookup(value.token)).toBe('revoked')
      }
      expect(await calm.lookup(token)).toBe('revoked')
      expect(await calm.lifecycle.list(userId)).toEqual([])
    },
  },
  {
    name: 'sign-out everywhere against two sign-ins: what was before is dead, and what came after is counted right',
    async race({ userId, calm, start, run }) {
      const before = await calm.signIn(userId)
      const signIns = [1, 2].map((n) => start(`sign-in ${n}`, (node) => node.signIn(userId)))
      const revoked = start('revoke all', (node) => node.lifecycle.revokeAll(userId, { except: null }))
      await run()
      const issued = (await Promise.all(signIns)).flatMap(({ value }) => value ?? [])
      const outcomes = await Promise.all(issued.map(({ token }) => calm.lookup(token)))
      expect(await calm.lookup(before.token)).toBe('revoked')
      expect(outcomes.filter((outcome) => outcome !== 'active' && outcome !== 'revoked')).toEqual([])
      const dead = outcomes.filter((outcome) => outcome === 'revoked').length
      expect((await revoked).value).toBe(1 + dead)
      expect(await calm.lifecycle.list(userId)).toHaveLength(2 - dead)
    },
  },
  {
    name: 'updates of different fields on three nodes: all survive',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const held = await calm.held(token)
      const fields = ['a', 'b', 'c']
      const updates = fields.map((field) => start(field, (node) => set(node, held, field)))
      await run()
      for (const { code } of await Promise.all(updates)) expect(code).toBeNull()
      const { data, version } = await calm.recordOf(token)
      expect(data).toEqual({ a: 1, b: 1, c: 1 })
      expect(version).toBe(4)
    },
  },
  {
    name: 'sign-out against two updates: signed out',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const held = await calm.held(token)
      const updates = ['a', 'b'].map((field) => start(field, (node) => set(node, held, field)))
      const ended = start('sign-out', (node) => node.lifecycle.destroy(held.token))
      await run()
      expect((await ended).value).toBe(true)
      for (const { code } of await Promise.all(updates))
        expect([null, 'ERR_SESSION_NOT_FOUND']).toContain(code)
      expect(await calm.lookup(token)).toBe('revoked')
      expect(await calm.lifecycle.list(userId)).toEqual([])
    },
  },
  {
    name: 're-authentication against an update: one session, its old id dead, and no update that succeeded is lost',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const held = await calm.held(token)
      const renewed = start('re-authenticate', (node) =>
        node.lifecycle.reauthenticate(held, { role: 'admin' }),
      )
      const update = start('update', (node) => set(node, held, 'a'))
      await run()
      const { value } = await renewed
      expect(await calm.lookup(token)).toBe('revoked')
      expect(await calm.lifecycle.list(userId)).toHaveLength(1)
      const { data, role } = await calm.recordOf(value?.token ?? '')
      expect(role).toBe('admin')
      expect(data).toEqual((await update).code === null ? { a: 1 } : {})
    },
  },
  {
    name: 'two re-authentications: one session, and every token but one dead',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const held = await calm.held(token)
      const both = [1, 2].map((n) =>
        start(`re-authenticate ${n}`, (node) => node.lifecycle.reauthenticate(held, { role: null })),
      )
      await run()
      const issued = (await Promise.all(both)).flatMap(({ value }) => value ?? [])
      expect(issued.length).toBeGreaterThan(0)
      const outcomes = await Promise.all(issued.map((one) => calm.lookup(one.token)))
      expect(outcomes.filter((outcome) => outcome === 'active')).toHaveLength(1)
      expect(await calm.lookup(token)).toBe('revoked')
      expect(await calm.lifecycle.list(userId)).toHaveLength(1)
    },
  },
  {
    name: 'rotation and sign-out with the new token against rotation of the old one: signed out',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const held = await calm.held(token)
      const ended = start('rotate, sign out', async (node) => {
        const issued = await node.lifecycle.rotate(held)
        return node.lifecycle.destroy(await node.open(issued?.token ?? ''))
      })
      const other = start('rotate', (node) => node.lifecycle.rotate(held))
      await run()
      expect((await ended).value).toBe(true)
      const { value } = await other
      if (value !== null) expect(await calm.lookup(value.token)).toBe('revoked')
      expect(await calm.lookup(token)).toBe('revoked')
      expect(await calm.lifecycle.list(userId)).toEqual([])
    },
  },
  {
    name: 'three sign-ins where one session is allowed: one is left',
    options: { maxSessions: 1 },
    async race({ userId, calm, start, run }) {
      const signIns = [1, 2, 3].map((n) => start(`sign-in ${n}`, (node) => node.signIn(userId)))
      await run()
      const issued = (await Promise.all(signIns)).flatMap(({ value }) => value ?? [])
      expect(issued).toHaveLength(3)
      const outcomes = await Promise.all(issued.map(({ token }) => calm.lookup(token)))
      expect([...outcomes].sort()).toEqual(['active', 'revoked', 'revoked'])
      expect(await calm.lifecycle.list(userId)).toHaveLength(1)
    },
  },
  {
    name: 'three sign-ins where the second is refused: one gets in',
    options: { maxSessions: 1, whenFull: 'refuse' },
    async race({ userId, calm, start, run }) {
      const signIns = [1, 2, 3].map((n) => start(`sign-in ${n}`, (node) => node.signIn(userId)))
      await run()
      const codes = (await Promise.all(signIns)).map(({ code }) => code)
      expect(codes.filter((code) => code === null)).toHaveLength(1)
      expect(codes.filter((code) => code === 'ERR_SESSION_LIMIT')).toHaveLength(2)
      expect(await calm.lifecycle.list(userId)).toHaveLength(1)
    },
  },
  {
    name: 'a sign-in over a session against its rotation and activity: only the new one is left',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const held = await calm.held(token)
      const rotated = start('rotate', (node) => node.lifecycle.rotate(held))
      const touched = start('touch', (node) => touch(node, held.record))
      const signedIn = start('sign-in', (node) => node.signIn(userId, { previous: held.token }))
      await run()
      await touched
      const [old, fresh] = [(await rotated).value, (await signedIn).value]
      if (old !== null) expect(await calm.lookup(old.token)).toBe('revoked')
      expect(await calm.lookup(token)).toBe('revoked')
      expect(await calm.lookup(fresh?.token ?? '')).toBe('active')
      expect(await calm.lifecycle.list(userId)).toHaveLength(1)
    },
  },
  {
    name: 'the end of all other sessions against the rotation of this one: this one stays, under its new id',
    async race({ userId, calm, start, run }) {
      const [other, { token }] = [await calm.signIn(userId), await calm.signIn(userId)]
      const held = await calm.held(token)
      const rotated = start('rotate', (node) => node.lifecycle.rotate(held))
      const revoked = start('revoke others', (node) =>
        node.lifecycle.revokeAll(userId, { except: held.record.id }),
      )
      await run()
      expect((await revoked).value).toBe(1)
      expect(await calm.lookup(other.token)).toBe('revoked')
      expect(await calm.lookup((await rotated).value?.token ?? '')).toBe('active')
      expect(await calm.lookup(token)).toBe('active')
      expect(await calm.lifecycle.list(userId)).toHaveLength(1)
    },
  },
  {
    name: 'an update against a routine rotation: both take place',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const held = await calm.held(token)
      const rotated = start('rotate', (node) => node.lifecycle.rotate(held))
      const update = start('update', (node) => set(node, held, 'a'))
      await run()
      expect((await update).code).toBeNull()
      const { data } = await calm.recordOf((await rotated).value?.token ?? '')
      expect(data).toEqual({ a: 1 })
      expect(await calm.lifecycle.list(userId)).toHaveLength(1)
    },
  },
  {
    name: 're-authentication against a routine rotation: the proof counts, and every older id is dead',
    async race({ userId, calm, start, run }) {
      const { token } = await calm.signIn(userId)
      const held = await calm.held(token)
      const rotated = start('rotate', (node) => node.lifecycle.rotate(held))
      const renewed = start('re-authenticate', (node) =>
        node.lifecycle.reauthenticate(held, { role: 'admin' }),
      )
      await run()
      const [old, fresh] = [(await rotated).value, (await renewed).value]
      if (old !== null) expect(await calm.lookup(old.token)).toBe('revoked')
      expect(await calm.lookup(token)).toBe('revoked')
      expect((await calm.recordOf(fresh?.token ?? '')).role).toBe('admin')
      expect(await calm.lifecycle.list(userId)).toHaveLength(1)
    },
  },
]

function touch(node: Node, record: Awaited<ReturnType<Node['recordOf']>>): Promise<void> {
  // Other processes know nothing of what this one has recorded: past its memory, to the store.
  return node.engine.parts().store.touch({ ...record, lastSeenAt: LATER() }, { now: LATER() })
}

async function set(node: Node, held: Awaited<ReturnType<Node['held']>>, field: string): Promise<void> {
  await node.lifecycle.update(held, (record) => ({ ...record, data: { ...record.data, [field]: 1 } }))
}

const STORES: readonly {
  readonly store: string
  readonly schedules: number
  /** Schedule after schedule, in turn. */
  readonly make: () => readonly MakeStore[]
}[] = [
  {
    store: 'KV, half with a feed',
    schedules: runs({ usual: 300, proof: 10_000 }),
    make: () => [kvStores(kv), kvStores(kv, { changes: true })],
  },
  { store: 'memory', schedules: runs({ usual: 300, proof: 10_000 }), make: () => [memoryStores()] },
]

describe.each(STORES)('over $schedules schedules each, in $store', ({ store, schedules, make }) => {
  for (const { name, race, options = {} } of RACES) {
    it(name, { timeout: PATIENCE }, async () => {
      const kinds = make().map((makeStore) => ({
        calm: createNode(makeStore({ turn: null }), options),
        nodeOf: createNodes(makeStore, options),
      }))
      const orders = new Set<string>()
      let count = 0
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), async (scheduler) => {
          const kind = kinds[count % kinds.length]
          if (kind === undefined) throw new Error('no store')
          const { calm, nodeOf } = kind
          // A feed that grows on makes each script of the embedded engine slower.
          if (count % 50 === 0) await kv.flush()
          count += 1
          const interleaving = createInterleaving(scheduler)
          await race({
            userId: `${RACES.findIndex((one) => one.name === name)}-${count}`,
            calm,
            start: (party, work, more) =>
              interleaving.party(party, (turn) => work(nodeOf(party, { turn, more }))),
            async run() {
              orders.add(await interleaving.run())
            },
          })
        }),
        seeded({ numRuns: schedules }),
      )
      report('interleavings', { store, race: name, schedules: count, orders: orders.size, seed: SEED })
    })
  }
})

/** One node for each party, as deriving its keys takes longer than a race. */
function createNodes(makeStore: MakeStore, options: EdgeSessionOptions) {
  const nodes = new Map<string, { node: Node; pace: Pace }>()
  return (party: string, { turn, more }: { turn: Turn; more: EdgeSessionOptions | undefined }): Node => {
    const pace: Pace = { turn: null }
    const known = nodes.get(party) ?? { pace, node: createNode(makeStore(pace), { ...options, ...more }) }
    nodes.set(party, known)
    known.pace.turn = turn
    return known.node
  }
}
