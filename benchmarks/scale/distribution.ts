/** How many users have 1, 2, 3, 10 and 100 sessions. */
export interface Distribution {
  readonly users: number
  readonly sessions: number
  readonly groups: readonly UserGroup[]
}

export interface UserGroup {
  /** Sessions of each of these users. */
  readonly each: number
  /** Number of the first of these users; they are numbered one after the other. */
  readonly first: number
  readonly users: number
}

const SHARE_WITH_TEN = 0.05

/**
 * One user in twenty has 10 sessions, as many as needed have 100, and everybody else has 1 to 3.
 * @throws if that can not give the wanted numbers.
 */
export function distribute(sessions: number, users: number): Distribution {
  const ten = Math.round(users * SHARE_WITH_TEN)
  const hundred = Math.round((sessions - 10 * ten - 2 * (users - ten)) / 98)
  const few = users - ten - hundred
  // Every user of 1 and every user of 3 sessions more than a third is one of 2 less.
  const rest = sessions - 10 * ten - 100 * hundred
  const surplus = rest - 2 * few
  const third = Math.floor((few - Math.abs(surplus)) / 3)
  if (hundred < 1 || third < 1) {
    throw new Error(
      `${sessions} sessions of ${users} users: take 3 to 5 sessions per user, and at least 300 users.`,
    )
  }
  const one = third + Math.max(0, -surplus)
  const three = third + Math.max(0, surplus)
  const counts = [
    [1, one],
    [2, few - one - three],
    [3, three],
    [10, ten],
    [100, hundred],
  ] as const
  let first = 0
  const groups = counts.map(([each, count]) => {
    const group = { each, first, users: count }
    first += count
    return group
  })
  return { users, sessions, groups }
}
