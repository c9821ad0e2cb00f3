import { parseArgs } from 'node:util'
import { alternate, type Measured, type Side } from './alternate.ts'
import { type Database, openDatabase } from './database.ts'
import { type Distribution, distribute, type UserGroup } from './distribution.ts'
import { OPERATIONS } from './operations.ts'
import { percentile } from './percentile.ts'
import { createPopulation, type Population } from './population.ts'
import { writeResults, writeSection } from './repository.ts'
import { type Comparison, describeResults, type Ratio, type Results } from './results.ts'
import { seededRandom } from './seeded-random.ts'
import { describeSurroundings } from './surroundings.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000000' },
    users: { type: 'string', default: '300000' },
    samples: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    'dry-run': { type: 'boolean', default: false },
  },
})

/** What everything is compared with. */
const SMALL = { sessions: 1_000, users: 300 }

/** What is compared: every operation for most users, and those that look at all sessions of a user for others too. */
const ALL = OPERATIONS.map(({ name }) => name)
const WHOLE_USER = ['read, active', 'create', 'list', 'revoke', 'revoke all']
const PLANS = [
  { sessionsOfUser: '1 to 3', sizes: [1, 2, 3], names: ALL, share: 1 },
  { sessionsOfUser: '1', sizes: [1], names: WHOLE_USER, share: 0.5 },
  { sessionsOfUser: '10', sizes: [10], names: WHOLE_USER, share: 0.5 },
  { sessionsOfUser: '100', sizes: [100], names: WHOLE_USER, share: 0.15 },
] as const

/** Redis packs a hash into one piece of memory while its values are short: up to 64 bytes, unless told otherwise. */
const PACKED = ['--hash-max-listpack-value', '1024', '--hash-max-listpack-entries', '512']

const opened: Database[] = []
try {
  const results = await measure()
  const text = describeResults(results)
  console.log(`\n${text}`)
  if (!values['dry-run']) {
    await writeResults('scale', results)
    await writeSection('scale', text)
  }
} finally {
  await Promise.all(opened.map((database) => database.stop()))
}

async function measure(): Promise<Results> {
  const population = createPopulation(Date.now())
  const large = await filled(distribute(Number(values.sessions), Number(values.users)), population)
  const small = await filled(distribute(SMALL.sessions, SMALL.users), population)
  const { database, distribution } = large
  const bytesOfUser = Object.fromEntries(
    await Promise.all(
      distribution.groups.map(async ({ each, first }) => {
        return [String(each), await database.bytesOf(population.userId(first))] as const
      }),
    ),
  )
  const packed = await filled(
    distribute(Math.round(distribution.sessions / 10), Math.round(distribution.users / 10)),
    population,
    PACKED,
  )
  await packed.database.stop()
  const operations = await compare([small, large], population)
  const keys = (await database.info('keyspace')).get('db0') ?? ''
  if (!keys.startsWith(`keys=${distribution.users},expires=${distribution.users},`)) {
    throw new Error(`Not every user is one key that expires: ${keys}.`)
  }
  return {
    surroundings: await describeSurroundings(),
    redis: (await database.info('server')).get('redis_version') ?? 'unknown',
    seed: Number(values.seed),
    large: { ...distribution, bytes: large.bytes, bytesOfUser, secondsToFill: large.seconds },
    small: small.distribution,
    packed: { sessions: packed.distribution.sessions, users: packed.distribution.users, bytes: packed.bytes },
    operations,
  }
}

interface Filled {
  readonly database: Database
  readonly distribution: Distribution
  readonly bytes: number
  readonly seconds: number
}

async function filled(
  distribution: Distribution,
  population: Population,
  options: readonly string[] = [],
): Promise<Filled> {
  const database = await openDatabase(options)
  opened.push(database)
  const before = await bytesUsed(database)
  const started = performance.now()
  await population.fillAll(database.store, distribution)
  const seconds = (performance.now() - started) / 1_000
  const bytes = (await bytesUsed(database)) - before
  const perSession = Math.round(bytes / distribution.sessions)
  console.log(
    `${distribution.sessions} sessions of ${distribution.users} users in ${seconds.toFixed(0)} s: ${perSession} bytes each`,
  )
  return { database, distribution, bytes, seconds }
}

async function bytesUsed(database: Database): Promise<number> {
  return Number((await database.info('memory')).get('used_memory'))
}

async function compare(
  [small, large]: readonly [Filled, Filled],
  population: Population,
): Promise<readonly Comparison[]> {
  const random = seededRandom(Number(values.seed))
  const comparisons: Comparison[] = []
  for (const { sessionsOfUser, sizes, names, share } of PLANS) {
    const sideOf = ({ database, distribution }: Filled): Side => ({
      database,
      groups: distribution.groups.filter(({ each }) => sizes.some((size) => size === each)),
    })
    for (const operation of OPERATIONS.filter(({ name }) => names.includes(name))) {
      const samples = Math.ceil(Number(values.samples) * share)
      const sides = [sideOf(small), sideOf(large)] as const
      const [few, many] = await alternate(operation, { sides, population, random, samples })
      const ratio = ratioByRound(few.medians, many.medians)
      // As many users as the small database has: the rest of the large one is there, and nobody comes.
      const again = { ...sides[1], groups: atMost(sides[1].groups, sides[0].groups) }
      const known =
        names === ALL
          ? await alternate(operation, { sides: [sides[0], again], population, random, samples })
          : null
      comparisons.push({
        operation: operation.name,
        sessionsOfUser,
        ratio,
        ratioOfSameUsers: known && ratioByRound(known[0].medians, known[1].medians),
        ratioOfSlowest: ratioByRound(few.slowest, many.slowest),
        small: shortened(few),
        large: shortened(many),
      })
      console.log(
        `${operation.name}, ${sessionsOfUser} sessions: p50 ${ratio.median.toFixed(2)} of that at ${SMALL.sessions}`,
      )
    }
  }
  return comparisons
}

function atMost(groups: readonly UserGroup[], most: readonly UserGroup[]): readonly UserGroup[] {
  return groups.map((group, index) => ({ ...group, users: most[index]?.users ?? group.users }))
}

function ratioByRound(small: readonly number[], large: readonly number[]): Ratio {
  const ratios = small.map((base, round) => (large[round] ?? Number.NaN) / base)
  return {
    median: percentile(ratios, 0.5),
    lowerQuartile: percentile(ratios, 0.25),
    upperQuartile: percentile(ratios, 0.75),
  }
}

function shortened({
  milliseconds,
  commandsSent,
  commandsRun,
  microsecondsInRedis,
}: Measured): Comparison['small'] {
  const [p50, p99] = [percentile(milliseconds, 0.5), percentile(milliseconds, 0.99)]
  return { samples: milliseconds.length, p50, p99, commandsSent, commandsRun, microsecondsInRedis }
}
