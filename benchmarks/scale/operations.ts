import type { SessionStore } from 'edge-session'
import { digest, type Population } from './population.ts'

/** One operation as the package does it for a request, on the sessions of one user. */
export interface Operation {
  readonly name: string
  /** How many of its commands are plain reads; the others are scripts. */
  readonly sentReads: number
  /** Whether the user has to be put back as they were. */
  readonly changes: boolean
  /** Throws if the answer is not the right one. */
  run(on: OperationTarget): Promise<void>
}

export interface OperationTarget {
  readonly store: SessionStore
  readonly population: Population
  readonly user: number
  /** Number of the user's sessions. */
  readonly sessions: number
  /** Differs in every call. */
  readonly turn: number
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'read, active',
    sentReads: 1,
    changes: false,
    async run({ store, population, user, sessions, turn }) {
      const record = population.record(user, turn % sessions)
      expect((await store.read(record, { authoritative: false })).kind === 'record')
    },
  },
  {
    name: 'read, miss',
    sentReads: 1,
    changes: false,
    async run({ store, population, user, turn }) {
      const ref = { userId: population.userId(user), id: digest(`nobody ${turn}`) }
      expect((await store.read(ref, { authoritative: false })).kind === 'missing')
      expect((await store.read(ref, { authoritative: true })).kind === 'missing')
    },
  },
  {
    name: 'touch',
    sentReads: 0,
    changes: true,
    async run({ store, population, user, sessions, turn }) {
      const { now } = population
      await store.touch({ ...population.record(user, turn % sessions), lastSeenAt: now }, { now })
    },
  },
  {
    name: 'create',
    sentReads: 0,
    changes: true,
    async run({ store, population, user, turn }) {
      const { now } = population
      const id = digest(`new ${user} ${turn}`)
      const record = { ...population.record(user, 0), id, createdAt: now, lastSeenAt: now }
      const options = { now, limit: 100, whenFull: 'evict-oldest', replaces: null } as const
      expect((await store.create(record, options)).created)
    },
  },
  {
    name: 'update',
    sentReads: 0,
    changes: true,
    async run({ store, population, user, sessions, turn }) {
      const record = population.record(user, turn % sessions)
      const next = { ...record, version: record.version + 1, data: { ...record.data, theme: 'light' } }
      expect((await store.update(next)).kind === 'updated')
    },
  },
  {
    name: 'rotate',
    sentReads: 0,
    changes: true,
    async run({ store, population, user, sessions, turn }) {
      const record = population.record(user, turn % sessions)
      const options = { nextId: digest(`next ${user} ${turn}`), graceEnd: population.now + 30_000 }
      expect((await store.rotate(record, options)).kind === 'rotated')
    },
  },
  {
    name: 'reauthenticate',
    sentReads: 0,
    changes: true,
    async run({ store, population, user, sessions, turn }) {
      const record = population.record(user, turn % sessions)
      const next = { ...record, version: record.version + 1, authenticatedAt: population.now }
      const options = { nextId: digest(`proven ${user} ${turn}`), graceEnd: null }
      expect((await store.rotate(next, options)).kind === 'rotated')
    },
  },
  {
    name: 'destroy',
    sentReads: 0,
    changes: true,
    async run({ store, population, user, sessions, turn }) {
      expect(await store.destroy(population.record(user, turn % sessions)))
    },
  },
  {
    name: 'list',
    sentReads: 0,
    changes: false,
    async run({ store, population, user, sessions }) {
      expect((await store.list(population.userId(user))).length === sessions)
    },
  },
  {
    name: 'revoke',
    sentReads: 0,
    changes: true,
    async run({ store, population, user, sessions, turn }) {
      const { id } = population.record(user, (turn + 1) % sessions)
      expect(await store.destroy({ userId: population.userId(user), id }))
    },
  },
  {
    name: 'revoke all',
    sentReads: 0,
    changes: true,
    async run({ store, population, user, sessions }) {
      const { now } = population
      expect((await store.revoke(population.userId(user), { except: null, now })) === sessions)
    },
  },
]

function expect(right: boolean): void {
  if (!right) throw new Error('The store gave a wrong answer.')
}
