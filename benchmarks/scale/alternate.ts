import { type CommandStatistics, readStatistics, type Work, workBetween } from './command-statistics.ts'
import type { Database } from './database.ts'
import type { UserGroup } from './distribution.ts'
import type { Operation } from './operations.ts'
import { percentile } from './percentile.ts'
import type { Population } from './population.ts'

/** One of the databases that are compared, and the users whose sessions are used. */
export interface Side {
  readonly database: Database
  readonly groups: readonly UserGroup[]
}

/** What one operation took on one side, in all rounds. */
export interface Measured {
  readonly milliseconds: readonly number[]
  /** The same, the median of each round. */
  readonly medians: readonly number[]
  /** The same, the slowest of each round. */
  readonly slowest: readonly number[]
  readonly commandsSent: number
  readonly commandsRun: number
  readonly microsecondsInRedis: number
}

/** Users that are used between two looks at Redis' counters; each of them is another one. */
const ROUND = 100

/**
 * Runs an operation on both sides in turn, so that whatever else this machine does strikes both. Users are chosen at
 * random; what was changed is put back outside the measured time. The first round only warms up.
 */
export async function alternate(
  operation: Operation,
  {
    sides,
    population,
    random,
    samples,
  }: {
    sides: readonly [Side, Side]
    population: Population
    random: () => number
    samples: number
  },
): Promise<readonly [Measured, Measured]> {
  const size = Math.min(ROUND, samples, ...sides.map(({ groups }) => usersIn(groups)))
  const totals = sides.map(() => ({
    milliseconds: [] as number[],
    medians: [] as number[],
    slowest: [] as number[],
    sent: 0,
    calls: 0,
    microseconds: 0,
  }))
  for (
    let round = 0;
    round === 0 || totals.some(({ milliseconds }) => milliseconds.length < samples);
    round += 1
  ) {
    const turns = sides.map(({ groups }) => chooseUsers(groups, { size, random }))
    const before = await Promise.all(sides.map(countersOf))
    const times = sides.map(() => [] as number[])
    for (let turn = 0; turn < size; turn += 1) {
      for (const side of random() < 0.5 ? [0, 1] : [1, 0]) {
        const [at, target] = [sides[side], turns[side]?.[turn]]
        if (at === undefined || target === undefined) throw new Error('There are two sides.')
        const started = performance.now()
        await operation.run({ store: at.database.store, population, ...target, turn: round * size + turn })
        times[side]?.push(performance.now() - started)
      }
    }
    const after = await Promise.all(sides.map(countersOf))
    for (const [side, total] of totals.entries()) {
      const [first, last] = [before[side], after[side]]
      if (round === 0 || first === undefined || last === undefined) continue
      total.milliseconds.push(...(times[side] ?? []))
      total.medians.push(percentile(times[side] ?? [], 0.5))
      total.slowest.push(Math.max(...(times[side] ?? [])))
      total.sent += last.sent - first.sent
      const work: Work = workBetween(first.statistics, last.statistics, {
        sentReads: operation.sentReads * size,
      })
      total.calls += work.calls
      total.microseconds += work.microseconds
    }
    if (operation.changes)
      await Promise.all(sides.map((side, at) => putBack(side, turns[at] ?? [], population)))
  }
  const [one, other] = totals.map(({ milliseconds, medians, slowest, sent, calls, microseconds }) => ({
    milliseconds,
    medians,
    slowest,
    commandsSent: sent / milliseconds.length,
    commandsRun: calls / milliseconds.length,
    microsecondsInRedis: microseconds / milliseconds.length,
  }))
  if (one === undefined || other === undefined) throw new Error('There are two sides.')
  return [one, other]
}

interface ChosenUser {
  readonly user: number
  readonly sessions: number
}

async function countersOf({ database }: Side): Promise<{ sent: number; statistics: CommandStatistics }> {
  return { sent: database.sent(), statistics: await readStatistics(database) }
}

function usersIn(groups: readonly UserGroup[]): number {
  return groups.reduce((sum, { users }) => sum + users, 0)
}

function chooseUsers(
  groups: readonly UserGroup[],
  { size, random }: { size: number; random: () => number },
): readonly ChosenUser[] {
  const chosen = new Map<number, ChosenUser>()
  while (chosen.size < size) {
    let nth = Math.floor(random() * usersIn(groups))
    for (const { each, first, users } of groups) {
      if (nth < users) chosen.set(first + nth, { user: first + nth, sessions: each })
      nth -= users
      if (nth < 0) break
    }
  }
  return [...chosen.values()]
}

async function putBack(
  { database }: Side,
  users: readonly ChosenUser[],
  population: Population,
): Promise<void> {
  await Promise.all(
    users.map(async ({ user, sessions }) => {
      await database.store.revoke(population.userId(user), { except: null, now: population.now })
      await population.fill(database.store, user, sessions)
    }),
  )
}
