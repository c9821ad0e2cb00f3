import { setTimeout as pause } from 'node:timers/promises'
import type { HttpPool } from './http-pool.ts'
import { PATHS, type Page, usersShown } from './judge.ts'
import { keepTally } from './tally.ts'
import { actsOf, newVisitor, type Visitor } from './visitors.ts'

export type Revocation = 'revoke-all' | 'revoke-others'

export interface RevocationCounts {
  /** Revocations that the app has confirmed. */
  rounds: number
  /** Rounds that prove nothing, as the app answered 503 to a sign-in or to the revocation. */
  unconfirmed: number
  sessionsRevoked: number
  /** Of the sessions that end, begun before the end was confirmed. */
  readsBefore: number
  /** Begun after that. */
  readsAfterwards: number
  /** Of those, answered as if nothing had happened. */
  lostRevocations: number
  /** The app said that another number of sessions has ended than there were. */
  wrongNumbers: number
  /** The session that stays was taken for none. */
  refusedSurvivors: number
  wrongIdentities: number
}

export function noRevocations(): RevocationCounts {
  return {
    rounds: 0,
    unconfirmed: 0,
    sessionsRevoked: 0,
    readsBefore: 0,
    readsAfterwards: 0,
    lostRevocations: 0,
    wrongNumbers: 0,
    refusedSurvivors: 0,
    wrongIdentities: 0,
  }
}

const SESSIONS = 5
const BEFORE_MS = 150
const AFTERWARDS_MS = 300
const PAGES: readonly Page[] = ['me', 'dashboard', 'whoami']

/** One user signs in on several devices, all of which are in use when one of them ends the sessions. */
export async function revokeUnderLoad({
  user,
  kind,
  pools,
  counts,
}: {
  user: string
  kind: Revocation
  pools: readonly HttpPool[]
  counts: RevocationCounts
}): Promise<void> {
  const devices = Array.from({ length: SESSIONS }, () => newVisitor(user))
  const [first = newVisitor(user), ...others] = devices
  for (const [n, device] of devices.entries()) await actsOf(poolOf(pools, n), keepTally()).signIn(device)
  if (devices.some(({ token }) => token === null)) return startAnew({ user, pool: poolOf(pools, 0), counts })
  let confirmed = Number.POSITIVE_INFINITY
  let over = false

  async function use(device: Visitor, n: number): Promise<void> {
    for (let turn = n; !over; turn += 1) {
      const page = PAGES[turn % PAGES.length] ?? 'me'
      const begun = performance.now()
      const reply = await poolOf(pools, turn + n).send({ path: PATHS[page], token: device.token })
      const named = userNamed(page, reply)
      if (named !== null && named !== user) counts.wrongIdentities += 1
      const ends = kind === 'revoke-all' || device !== first
      if (!ends) counts.refusedSurvivors += named === null && reply.status !== 503 ? 1 : 0
      else if (begun <= confirmed) counts.readsBefore += 1
      else {
        counts.readsAfterwards += 1
        counts.lostRevocations += named === null ? 0 : 1
      }
    }
  }

  const using = Promise.all(devices.map(use))
  await pause(BEFORE_MS)
  const path = `/api/sessions/${kind}`
  const { status, text } = await poolOf(pools, counts.rounds).send({
    method: 'POST',
    path,
    token: first.token,
  })
  if (status === 200) confirmed = performance.now()
  await pause(AFTERWARDS_MS)
  over = true
  await using
  if (status !== 200) return startAnew({ user, pool: poolOf(pools, 0), counts })
  const ended = kind === 'revoke-all' ? devices.length : others.length
  if ((JSON.parse(text) as { revoked: number }).revoked !== ended) counts.wrongNumbers += 1
  counts.rounds += 1
  counts.sessionsRevoked += ended
  if (kind === 'revoke-others') await endAll(user, poolOf(pools, 0))
}

/** Nobody knows which sessions there are: none, after this. */
async function startAnew({
  user,
  pool,
  counts,
}: {
  user: string
  pool: HttpPool
  counts: RevocationCounts
}): Promise<void> {
  counts.unconfirmed += 1
  await endAll(user, pool)
}

async function endAll(user: string, pool: HttpPool): Promise<void> {
  const device = newVisitor(user)
  for (let status = 0; status !== 200; ) {
    await actsOf(pool, keepTally()).signIn(device)
    const ask = { method: 'POST', path: '/api/sessions/revoke-all', token: device.token } as const
    if (device.token !== null) status = (await pool.send(ask)).status
  }
}

/** Whom an answer takes the visitor for; `null`: nobody. */
function userNamed(page: Page, { status, text }: { status: number; text: string }): string | null {
  if (status !== 200) return null
  if (page === 'dashboard') return usersShown(text)[0] ?? null
  const { userId, session } = JSON.parse(text) as { userId?: string; session?: string | null }
  return userId ?? session ?? null
}

function poolOf(pools: readonly HttpPool[], n: number): HttpPool {
  const pool = pools[n % pools.length]
  if (pool === undefined) throw new RangeError('no pool')
  return pool
}
