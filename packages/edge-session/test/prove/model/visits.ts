import { expect } from 'vitest'
import { cookieValues } from '../../../src/lib/cookie.ts'
import { type Visit, visit } from '../../support/visit.ts'
import { type Expected, expectLookup, reissues, successorsOf } from './expected.ts'
import { destroy, endOf, follow, type ModelState, move, touch, userOf } from './sessions.ts'
import { GRACE, LIFETIMES, type ModelNode, ROTATE_EVERY, type TokenInfo, type World } from './world.ts'

export interface VisitPlan {
  readonly browser: number
  readonly node: ModelNode
  readonly path: '/public' | '/dashboard'
  readonly method: 'GET' | 'POST'
  readonly passive: boolean
  /** The response does not arrive: the browser keeps the cookie it had. */
  readonly lost: boolean
}

type ExpectedActive = Extract<Expected, { kind: 'active' }>

/** Sends a browser to a page, and checks everything that it, the page and KV get to see. */
export async function visitPage(world: World, plan: VisitPlan): Promise<void> {
  const { browser, node, path, method, passive } = plan
  const token = await world.cookieOf(browser)
  const expected = await expectLookup(world, node, { token, fresh: false })
  const before = world.commands()
  const seen = await visit(node.proxy, path, {
    method,
    headers: { 'x-user-id': 'root', ...(passive && { 'x-edge-session-passive': '1' }) },
    ...(token !== null && { cookie: `theme=dark; __Host-session=${token}` }),
  })
  const { outcome, match } = await outcomeOf(node, { seen, expected })
  checkResponse({ seen, match, plan })
  world.note(`visit ${outcome}`)
  if (match.kind !== 'active' && match.ends !== null) world.note('reuse')
  const commands = world.commands() - before
  if (match.kind === 'active' && token !== null) {
    await checkActive(world, { plan, seen, match, info: await world.infoOf(token), commands })
  } else {
    if (token === null || (match.kind === 'none' && !match.cookieIsDead)) expect(commands).toBe(0)
    const killed = match.kind === 'active' || match.ends === null || token === null ? null : match.ends
    const { userId } = token === null ? { userId: '' } : await world.infoOf(token)
    const ended = killed === null ? world.state : destroy(world.state, userId, killed).state
    if (!plan.lost) await world.receive(browser, seen.setCookies)
    await world.settle(match.kind === 'unknown' ? [world.state, ended] : [ended])
  }
}

/** Which of the right answers it was; fails if it was none of them. */
async function outcomeOf(
  node: ModelNode,
  { seen, expected }: { seen: Visit; expected: readonly Expected[] },
): Promise<{ outcome: string; match: Expected }> {
  const outcome = /desc="(\w+)"/.exec(seen.response.headers.get('server-timing') ?? '')?.[1] ?? 'missing'
  const header = seen.seen?.get('x-edge-session')
  const handed =
    header == null
      ? null
      : await node.engine.takeOver(header, cookieValues(seen.seen?.get('cookie') ?? null, '__Host-session'))
  const version = handed?.outcome === 'active' ? handed.record.version : null
  const match = expected.find(
    (one) => one.kind === outcome && (one.kind !== 'active' || one.session.version === version),
  )
  if (match === undefined) expect({ outcome, version }).toEqual(expected)
  if (match?.kind === 'active' && handed?.outcome === 'active') {
    const { role, data, createdAt, authenticatedAt } = match.session
    expect(handed.record).toMatchObject({ role, createdAt, authenticatedAt })
    expect(handed.record.data).toEqual(data)
  }
  return { outcome, match: match ?? { kind: 'unknown', ends: null } }
}

function checkResponse(context: { seen: Visit; match: Expected; plan: VisitPlan }): void {
  const { seen, match, plan } = context
  const guarded = plan.path === '/dashboard'
  const refused = { none: plan.method === 'GET' ? 307 : 303, unknown: 503, active: 200 }[match.kind]
  expect(seen.status).toBe(guarded ? refused : 200)
  const cleared = seen.setCookies.some((header) => header.startsWith('__Host-session=;'))
  const answersItself = guarded && match.kind === 'none'
  const clears = match.kind === 'none' && match.cookieIsDead && (plan.method === 'GET' || answersItself)
  expect(cleared).toBe(clears)
  if (match.kind !== 'active') {
    expect(seen.setCookies).toHaveLength(clears ? 1 : 0)
    expect(seen.seen?.has('x-user-id') ?? false).toBe(false)
  }
  if (seen.setCookies.length > 0 || guarded)
    expect(seen.response.headers.get('cache-control')).toBe('private, no-store')
  const sent = [...seen.response.headers.keys()].filter((name) => !name.startsWith('x-middleware-'))
  const allowed = ['cache-control', 'content-type', 'location', 'retry-after', 'server-timing', 'set-cookie']
  expect(sent.filter((name) => !allowed.includes(name))).toEqual([])
}

/** What else happens to an active session: a new token, or its activity recorded. */
async function checkActive(
  world: World,
  context: { plan: VisitPlan; seen: Visit; match: ExpectedActive; info: TokenInfo; commands: number },
): Promise<void> {
  const { plan, seen, match, info, commands } = context
  const { node, browser } = plan
  const { scripts } = world.trouble
  const at = world.clockOf(node)
  expect(at < endOf(match.session)).toBe(true)
  expect(seen.seen?.get('x-user-id')).toBe(encodeURIComponent(info.userId))
  if (!plan.lost) await world.receive(browser, seen.setCookies)
  const [, value] = /^__Host-session=([^;]+)/.exec(seen.setCookies[0] ?? '') ?? []
  const next = value === undefined ? null : await world.infoOf(value)
  if (next !== null) expect(next.userId).toBe(info.userId)

  const renews = plan.method === 'GET' && !plan.passive
  const reissued = await reissues(node, info, match.path)
  const { id } = match.session
  if (match.path.length > 1) world.note('replaced token')
  if (!userOf(world.state, info.userId).sessions.has(id)) world.note('stale replica')
  const due = !reissued && at - info.issuedAt >= ROTATE_EVERY
  const rotation = renews && due ? await expectRotation(world, { node, info, match }) : null
  if (renews && !due && (reissued || info.stage !== node.stage)) {
    // The same session under a token of its own id, sealed with the newest secret.
    expect(next).toMatchObject({ id: reissued ? id : info.id, stage: node.stage })
  }
  const heard = scripts === 'answered'
  if (rotation !== null && (heard || next !== null)) expect(rotation.nextIds).toContain(next?.id ?? null)
  if (rotation === null && !(renews && (reissued || info.stage !== node.stage))) expect(next).toBeNull()

  const rotated = rotation !== null && next !== null
  const attempted = !rotated && !plan.passive && isDue(node, match, at)
  const told = world.events.some((event) => event.type === 'touch')
  if (heard) expect(told).toBe(attempted)
  if (rotated) world.note('rotated')
  if (rotation !== null && next === null) world.note('rotation failed')
  if (info.stage !== node.stage && next !== null) world.note('sealed again')
  if (told) world.note('touched')
  if (told) node.touched.set(id, at)
  else if (attempted) node.touched.delete(id)

  const base = rotation !== null && (heard || next !== null) ? [rotation.state] : [world.state]
  if (rotation !== null && !heard) base.push(rotation.state)
  const touched = base.map((state) => touch(state, info.userId, { id, at }))
  const writes = (rotation === null ? 0 : 1) + (attempted ? 1 : 0)
  if (heard && world.replica === null && world.trouble.reads === 'answered')
    expect(commands).toBeLessThanOrEqual(match.path.length + writes)
  await world.settle(attempted ? (told ? touched : [...base, ...touched]) : base)
}

function isDue(node: ModelNode, { session }: ExpectedActive, at: number): boolean {
  const last = Math.max(session.lastSeenAt, node.touched.get(session.id) ?? 0)
  return at - last >= Math.min(LIFETIMES.touchInterval, Math.ceil(session.idle / 4))
}

/**
 * What a routine rotation does, and to which ids it may lead on this node; `null` if this node can not tell. Where the
 * session is gone KV may have forgotten the trail or not: the token that comes of it is of no use to anybody.
 */
export async function expectRotation(
  world: World,
  { node, info, match }: { node: ModelNode; info: TokenInfo; match: ExpectedActive },
): Promise<{ state: ModelState; nextIds: readonly (string | null)[] }> {
  const { userId, id } = info
  const at = world.clockOf(node)
  const user = userOf(world.state, userId)
  const stored = user.sessions.get(id)
  const successors = await successorsOf(node, info.sid)
  if (stored === undefined) {
    const trail = user.trails.get(id)?.nextId
    const nextId = successors.find((next) => next.id === trail)?.id ?? null
    return { state: world.state, nextIds: follow(user, id) === null ? [nextId, null] : [nextId] }
  }
  const nextId = successors[0]?.id ?? ''
  const { createdAt, authenticatedAt, absoluteEnd, idle } = match.session
  const lastSeenAt = Math.max(at, match.session.lastSeenAt)
  const to = { ...stored, id: nextId, createdAt, authenticatedAt, absoluteEnd, idle, lastSeenAt }
  return { state: move(world.state, userId, { from: id, to, graceEnd: at + GRACE }), nextIds: [nextId] }
}
