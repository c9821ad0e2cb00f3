import { createHash } from 'node:crypto'
import type { SessionRecord, SessionStore } from 'edge-session'
import type { Distribution } from './distribution.ts'

const DAY = 86_400_000
const BROWSER =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

/** Writes that wait for their answer at the same time. */
const AT_ONCE = 400

/** The sessions of a database, computed and not remembered: the same number is always the same session. */
export interface Population {
  readonly now: number
  userId(user: number): string
  record(user: number, nth: number): SessionRecord
  /** What a user begins with; a measurement that changes it puts it back. */
  fill(store: SessionStore, user: number, sessions: number): Promise<void>
  fillAll(store: SessionStore, distribution: Distribution): Promise<void>
}

export function createPopulation(now: number): Population {
  const population: Population = {
    now,
    userId: (user) => `user_${digest(`user ${user}`).slice(0, 19)}`,

    record(user, nth) {
      const id = digest(`${user} ${nth}`)
      const age =
        (Number.parseInt(createHash('sha256').update(id).digest('hex').slice(0, 8), 16) / 2 ** 32) * 6
      const lastSeenAt = Math.floor(now - (age * DAY) / 2)
      const createdAt = Math.floor(now - age * DAY)
      return {
        userId: population.userId(user),
        id,
        version: 1,
        role: 'member',
        data: { theme: 'dark', locale: 'en-GB' },
        userAgent: BROWSER,
        ip: `203.0.113.${user % 256}`,
        createdAt,
        authenticatedAt: createdAt,
        lastSeenAt,
        absoluteEnd: createdAt + 30 * DAY,
        idle: 7 * DAY,
      }
    },

    async fill(store, user, sessions) {
      for (let nth = 0; nth < sessions; nth += 1) await create(store, user, nth)
    },

    async fillAll(store, { groups }) {
      for (const { each, first, users } of groups) {
        let user = first
        const last = first + users
        async function writer(): Promise<void> {
          while (user < last) {
            user += 1
            await population.fill(store, user - 1, each)
          }
        }
        await Promise.all(Array.from({ length: AT_ONCE }, writer))
      }
    },
  }

  async function create(store: SessionStore, user: number, nth: number): Promise<void> {
    const options = { now, limit: 100, whenFull: 'refuse', replaces: null } as const
    const result = await store.create(population.record(user, nth), options)
    if (!result.created || result.evicted > 0) throw new Error('A session was not stored.')
  }

  return population
}

/** 43 characters, as the ids of sessions are. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
