/**
 * What KV is supposed to hold, in the plainest form: no scripts, no encoding, no shared code with the package.
 * Every function returns a state of its own; times that are over are left to whoever looks.
 */
export interface ModelSession {
  readonly id: string
  /** The id of its first token: kept through rotation. */
  readonly family: string
  readonly content: 'readable' | 'corrupt' | 'newer'
  readonly version: number
  readonly role: string | null
  readonly data: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly authenticatedAt: number
  readonly lastSeenAt: number
  readonly absoluteEnd: number
  readonly idle: number
}

export interface Trail {
  readonly nextId: string
  readonly graceEnd: number
}

export interface ModelUser {
  readonly sessions: ReadonlyMap<string, ModelSession>
  readonly trails: ReadonlyMap<string, Trail>
}

export type ModelState = ReadonlyMap<string, ModelUser>

/** What a lookup is to find. `reuse`: a token came back after its grace, which ends the session `nextId`. */
export type Found =
  | { readonly kind: 'active'; readonly session: ModelSession; readonly path: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'reuse'; readonly nextId: string }
  | { readonly kind: 'unknown' }

const MOST_TRAILS = 8
const NOBODY: ModelUser = { sessions: new Map(), trails: new Map() }

export function userOf(state: ModelState, userId: string): ModelUser {
  return state.get(userId) ?? NOBODY
}

export function endOf({ absoluteEnd, lastSeenAt, idle }: ModelSession): number {
  return Math.min(absoluteEnd, lastSeenAt + idle)
}

/** Under which id a session lives now. */
export function follow({ sessions, trails }: ModelUser, id: string): string | null {
  let current: string | undefined = id
  for (let hop = 0; current !== undefined && hop <= MOST_TRAILS; hop += 1) {
    if (sessions.has(current)) return current
    current = trails.get(current)?.nextId
  }
  return null
}

/**
 * A lookup at `now`: the first of `views` (a replica, then the primary) that knows an active session or a trail is
 * believed, for anything else the last.
 */
export function resolve(
  views: readonly ModelState[],
  { userId, id, family, now }: { userId: string; id: string; family: string; now: number },
): Found {
  const path = [id]
  for (let hop = 0; hop <= MOST_TRAILS; hop += 1) {
    const current = path.at(-1) ?? id
    const users = views.map((view) => userOf(view, userId))
    const knows = (user: ModelUser) => {
      const session = user.sessions.get(current)
      if (session === undefined) return user.trails.has(current)
      return session.content === 'readable' && now < endOf(session)
    }
    const user = users.find(knows) ?? users.at(-1) ?? NOBODY
    const session = user.sessions.get(current)
    const trail = user.trails.get(current)
    if (session?.content === 'newer') return { kind: 'unknown' }
    if (session !== undefined)
      return session.content === 'readable' && now < endOf(session)
        ? { kind: 'active', session, path }
        : { kind: 'none' }
    if (trail === undefined) {
      // Replaced so often that nothing leads on from here, but from where it began.
      const living = family === id ? null : follow(user, family)
      return living === null ? { kind: 'none' } : { kind: 'reuse', nextId: living }
    }
    if (now >= trail.graceEnd) return { kind: 'reuse', nextId: trail.nextId }
    path.push(trail.nextId)
  }
  return { kind: 'none' }
}

export function create(
  state: ModelState,
  userId: string,
  options: { session: ModelSession; now: number; limit: number; replaces: string | null },
): { state: ModelState; evicted: number } {
  const { session, now, limit, replaces } = options
  const user = userOf(state, userId)
  const replaced = replaces === null ? null : follow(user, replaces)
  const live = [...user.sessions.values()]
    .filter((other) => now < endOf(other) && other.id !== replaced)
    .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  const evicted = Math.max(0, live.length - limit + 1)
  const kept = [...live.slice(evicted), session]
  return { state: withSessions(state, userId, kept), evicted }
}

export function touch(state: ModelState, userId: string, { id, at }: { id: string; at: number }): ModelState {
  const session = userOf(state, userId).sessions.get(id)
  if (session === undefined || session.lastSeenAt >= at) return state
  return put(state, userId, { ...session, lastSeenAt: at })
}

/** Replaces what is stored about a session that exists. */
export function put(state: ModelState, userId: string, session: ModelSession): ModelState {
  const others = [...userOf(state, userId).sessions.values()].filter(({ id }) => id !== session.id)
  return withSessions(state, userId, [...others, session])
}

/** Moves a session to another id. With `graceEnd` there is a trail from the old one. */
export function move(
  state: ModelState,
  userId: string,
  { from, to, graceEnd }: { from: string; to: ModelSession; graceEnd: number | null },
): ModelState {
  const user = userOf(state, userId)
  const others = [...user.sessions.values()].filter(({ id }) => id !== from)
  const trails = new Map(user.trails)
  if (graceEnd !== null) trails.set(from, { nextId: to.id, graceEnd })
  const before = new Map([...trails].map(([old, { nextId }]) => [nextId, old]))
  let nearest = to.id
  let id = before.get(to.id)
  // The trail of the first id and the latest are kept, and lead from one to the next.
  for (let n = 1; id !== undefined && n < 99; n += 1) {
    const trail = trails.get(id)
    const elder = before.get(id)
    if (n < MOST_TRAILS) nearest = id
    else if (elder !== undefined) trails.delete(id)
    else if (trail !== undefined) trails.set(id, { ...trail, nextId: nearest })
    id = elder
  }
  const sessions = new Map([...others, to].map((session) => [session.id, session]))
  return new Map(state).set(userId, { sessions, trails })
}

/** Ends a session, or the one it was rotated to. */
export function destroy(
  state: ModelState,
  userId: string,
  id: string,
): { state: ModelState; existed: boolean } {
  const user = userOf(state, userId)
  const live = follow(user, id)
  if (live === null) return { state, existed: false }
  const kept = [...user.sessions.values()].filter((session) => session.id !== live)
  return { state: withSessions(state, userId, kept), existed: true }
}

export function revoke(
  state: ModelState,
  userId: string,
  { except, now }: { except: string | null; now: number },
): { state: ModelState; ended: number | null } {
  const user = userOf(state, userId)
  const live = [...user.sessions.values()].filter((session) => now < endOf(session))
  const spared = except === null ? null : follow(user, except)
  if (except !== null && !live.some(({ id }) => id === spared)) return { state, ended: null }
  const ended = live.filter(({ id }) => id !== spared).length
  return {
    state: withSessions(
      state,
      userId,
      live.filter(({ id }) => id === spared),
    ),
    ended,
  }
}

/** Without the sessions that were over at `now`. What a later version wrote is not judged by its times. */
export function withoutOver(state: ModelState, now: number): ModelState {
  let next = state
  for (const [userId, { sessions }] of state)
    next = withSessions(
      next,
      userId,
      [...sessions.values()].filter((session) => session.content === 'newer' || now < endOf(session)),
    )
  return next
}

export function withSessions(state: ModelState, userId: string, kept: readonly ModelSession[]): ModelState {
  const { trails } = userOf(state, userId)
  const sessions = new Map(kept.map((session) => [session.id, session]))
  return new Map(state).set(userId, { sessions, trails })
}

/** A text that is the same for two states that mean the same: trails that lead nowhere do not count. */
export function textOf(state: ModelState): string {
  const users = [...state].sort().map(([userId, user]) => {
    const sessions = [...user.sessions.values()]
      .map(
        ({ family, ...session }) =>
          JSON.stringify(session, Object.keys(session).sort()) + JSON.stringify(session.data),
      )
      .sort()
    const trails = [...user.trails]
      .filter(([id]) => follow(user, id) !== null && !user.sessions.has(id))
      .map(([id, { nextId, graceEnd }]) => `${id} ${nextId} ${graceEnd}`)
      .sort()
    return sessions.length === 0 ? '' : JSON.stringify({ userId, sessions, trails }, null, 1)
  })
  return users.filter((text) => text !== '').join('\n')
}
