import { expect } from 'vitest'
import { clearedCookie, issuedCookie, serialiseCookie } from '../../../src/lib/cookie.ts'
import type { Active } from '../../../src/lib/engine.ts'
import type { Issued } from '../../../src/lib/recognition.ts'
import type { JsonObject } from '../../../src/lib/record.ts'
import { type Expected, expectLookup, opens } from './expected.ts'
import {
  create,
  destroy,
  endOf,
  type ModelSession,
  type ModelState,
  move,
  put,
  revoke,
  userOf,
} from './sessions.ts'
import { expectRotation } from './visits.ts'
import { LIFETIMES, MOST_SESSIONS, type ModelNode, type TokenInfo, type World } from './world.ts'

/** Who acts, and where. */
export interface Actor {
  readonly browser: number
  readonly node: ModelNode
}

type Attempt<Value> = { readonly value: Value; readonly code: null } | { readonly code: string }

export async function signIn(
  world: World,
  { browser, node, userId, remember, idle }: Actor & { userId: string; remember: boolean; idle: number },
): Promise<void> {
  const token = await world.cookieOf(browser)
  const opened = token === null ? null : await node.engine.open([token])
  const previous = opened === null || typeof opened === 'string' ? null : opened
  const now = world.clockOf(node)
  const times = {
    createdAt: now,
    authenticatedAt: now,
    lastSeenAt: now,
    idle,
    absoluteEnd: now + LIFETIMES.absolute,
  }
  const fields = {
    userId,
    role: null,
    data: { canary: 1 },
    userAgent: 'canary',
    ip: null,
    version: 1,
    ...times,
  }
  const attempt = await attemptTo(world, {
    name: 'sign-in',
    operate: () => node.lifecycle.create(fields, { remember, previous }),
  })

  const held =
    previous === null ? null : { userId: previous.claims.userId, id: previous.claims.family ?? previous.id }
  const other = held !== null && held.userId !== userId
  const ended = other ? destroy(world.state, held.userId, held.id).state : world.state
  const created = (id: string) =>
    create(ended, userId, {
      session: { id, family: id, content: 'readable', version: 1, role: null, data: { canary: 1 }, ...times },
      now,
      limit: MOST_SESSIONS,
      replaces: held !== null && !other ? held.id : null,
    })
  if (attempt.code === null) {
    const { state, evicted } = created(attempt.value.record.id)
    expect(world.events.at(-1)).toMatchObject({ type: 'sign-in', evicted })
    await receiveIssued(world, { browser, node, issued: attempt.value })
    return world.settle([state])
  }
  expectUnknown(world, attempt.code)
  const orphans = await world.newIds(userId)
  await world.settle([world.state, ended, ...orphans.map((id) => created(id).state)])
}

/** `getSession()`, or with `fresh` what a sensitive page asks. */
export async function lookUp(
  world: World,
  { browser, node, fresh }: Actor & { fresh: boolean },
): Promise<void> {
  await recognise(world, { browser, node, fresh })
}

export async function update(
  world: World,
  { browser, node, field }: Actor & { field: string },
): Promise<void> {
  const held = await recognise(world, { browser, node, fresh: false })
  if (held === null) return
  world.counter += 1
  const change = { [field]: world.counter }
  const { userId } = held.info
  const attempt = await attemptTo(world, {
    name: 'update',
    operate: () =>
      node.lifecycle.update(held.active, (record) => ({ ...record, data: { ...record.data, ...change } })),
  })
  const target = await whereabouts(world, { node, userId, id: held.active.record.id })
  const updated =
    typeof target === 'string'
      ? null
      : put(world.state, userId, {
          ...target,
          version: target.version + 1,
          data: { ...target.data, ...change },
        })
  if (attempt.code === null) {
    expect(updated).not.toBeNull()
    return world.settle(updated === null ? [] : [updated])
  }
  expectCode(world, { code: attempt.code, target })
  await world.settle(
    updated === null || world.trouble.scripts === 'answered' ? [world.state] : [world.state, updated],
  )
}

export async function rotate(
  world: World,
  { browser, node, lost }: Actor & { lost: boolean },
): Promise<void> {
  const held = await recognise(world, { browser, node, fresh: false })
  if (held === null) return
  const { active, info, match } = held
  const attempt = await attemptTo(world, {
    name: 'rotate',
    operate: () => node.lifecycle.rotate(active),
  })
  const { state, nextIds } = await expectRotation(world, { node, info, match })
  if (attempt.code === null) {
    expect(nextIds).toContain(attempt.value?.record.id ?? null)
    if (attempt.value !== null && !lost) await receiveIssued(world, { browser, node, issued: attempt.value })
    else if (attempt.value !== null) await world.infoOf(attempt.value.token)
    return world.settle([state])
  }
  expectUnknown(world, attempt.code)
  await world.settle([world.state, state])
}

export async function reauthenticate(
  world: World,
  { browser, node, role }: Actor & { role: string | null },
): Promise<void> {
  const held = await recognise(world, { browser, node, fresh: false })
  if (held === null) return
  const { userId } = held.info
  const at = world.clockOf(node)
  const attempt = await attemptTo(world, {
    name: 're-authenticate',
    operate: () => node.lifecycle.reauthenticate(held.active, { role }),
  })
  const target = await whereabouts(world, { node, userId, id: held.active.record.id })
  const renewed = (id: string): ModelState[] => {
    if (typeof target === 'string') return []
    const absoluteEnd = at + (target.absoluteEnd - target.authenticatedAt)
    const proof = { role, authenticatedAt: at, lastSeenAt: at, absoluteEnd }
    const to: ModelSession = { ...target, ...proof, id, family: id, version: target.version + 1 }
    return [move(world.state, userId, { from: target.id, to, graceEnd: null })]
  }
  if (attempt.code === null) {
    await receiveIssued(world, { browser, node, issued: attempt.value })
    return world.settle(renewed(attempt.value.record.id))
  }
  expectCode(world, { code: attempt.code, target })
  const orphans = world.trouble.scripts === 'answered' ? [] : await world.newIds(userId)
  await world.settle([world.state, ...orphans.flatMap(renewed)])
}

export async function signOut(world: World, { browser, node }: Actor): Promise<void> {
  const token = await world.cookieOf(browser)
  await world.receive(browser, [serialiseCookie(clearedCookie(node.engine.config.cookie))])
  const opened = token === null ? 'no-cookie' : await node.engine.open([token])
  if (typeof opened === 'string') return world.settle([world.state])
  const { userId, family = opened.id } = opened.claims
  const remains = (await world.remains(userId, opened.id)) || (await world.remains(userId, family))
  const attempt = await attemptTo(world, {
    name: 'sign-out',
    operate: () => node.lifecycle.destroy(opened),
  })
  const { state, existed } = destroy(world.state, userId, family)
  if (attempt.code === null) {
    expect(attempt.value).toBe(remains)
    if (existed) expect(remains).toBe(true)
    return world.settle([state])
  }
  expectUnknown(world, attempt.code)
  await world.settle([world.state, state])
}

export async function list(
  world: World,
  { node, userId }: { node: ModelNode; userId: string },
): Promise<void> {
  const now = world.clockOf(node)
  const attempt = await attemptTo(world, {
    name: 'list',
    operate: () => node.lifecycle.list(userId),
  })
  await world.settle([world.state])
  if (attempt.code !== null) return expectUnknown(world, attempt.code)
  const right = [...userOf(world.state, userId).sessions.values()]
    .filter((session) => session.content === 'readable' && now < endOf(session))
    .map(({ id, version, lastSeenAt }) => `${id} ${version} ${lastSeenAt}`)
  const listed = attempt.value.map(({ id, version, lastSeenAt }) => `${id} ${version} ${lastSeenAt}`)
  expect([...listed].sort()).toEqual(right.sort())
}

export async function revokeOne(
  world: World,
  { node, userId, index, owner }: { node: ModelNode; userId: string; index: number; owner: string },
): Promise<void> {
  const ids = [...userOf(world.state, owner).sessions.keys()].sort()
  const id = ids[index % Math.max(1, ids.length)]
  if (id === undefined) return
  const remains = await world.remains(userId, id)
  const attempt = await attemptTo(world, {
    name: 'revoke',
    operate: () => node.lifecycle.revoke({ userId, id }),
  })
  const { state, existed } = destroy(world.state, userId, id)
  if (attempt.code === null) {
    expect(attempt.value).toBe(remains)
    if (existed) expect(remains).toBe(true)
    return world.settle([state])
  }
  expectUnknown(world, attempt.code)
  await world.settle([world.state, state])
}

export async function revokeOthers(world: World, { browser, node }: Actor): Promise<void> {
  const held = await recognise(world, { browser, node, fresh: false })
  if (held !== null) await revokeBut(world, { node, userId: held.info.userId, except: held.active.record.id })
}

export function revokeAll(
  world: World,
  { node, userId }: { node: ModelNode; userId: string },
): Promise<void> {
  return revokeBut(world, { node, userId, except: null })
}

async function revokeBut(
  world: World,
  { node, userId, except }: { node: ModelNode; userId: string; except: string | null },
): Promise<void> {
  const attempt = await attemptTo(world, {
    name: 'revoke all',
    operate: () => node.lifecycle.revokeAll(userId, { except }),
  })
  const { state, ended } = revoke(world.state, userId, { except, now: world.clockOf(node) })
  if (attempt.code === null) {
    expect(attempt.value).toBe(ended)
    return world.settle([state])
  }
  if (attempt.code === 'ERR_SESSION_NOT_FOUND') {
    expect(ended).toBeNull()
    return world.settle([state])
  }
  expectUnknown(world, attempt.code)
  await world.settle([world.state, state])
}

/** Who the browser is for this node, checked against the model; `null` unless it is somebody. */
async function recognise(
  world: World,
  { browser, node, fresh }: Actor & { fresh: boolean },
): Promise<{
  active: Active<JsonObject>
  info: TokenInfo
  match: Extract<Expected, { kind: 'active' }>
} | null> {
  const token = await world.cookieOf(browser)
  const expected = await expectLookup(world, node, { token, fresh })
  const seen = await node.engine.recognise(token === null ? [] : [token], { fresh })
  const info = token === null ? null : await world.infoOf(token)
  const match = expected.find(
    (one) =>
      one.kind === seen.outcome &&
      (one.kind !== 'active' || (seen.outcome === 'active' && one.session.version === seen.record.version)),
  )
  if (match === undefined) expect(seen).toEqual(expected)
  if (seen.outcome === 'active' && match?.kind === 'active' && info !== null) {
    expect(seen.record).toMatchObject({ userId: info.userId, id: match.session.id, role: match.session.role })
    expect(seen.record.data).toEqual(match.session.data)
    return { active: seen, info, match }
  }
  if (seen.outcome === 'unknown') world.noteError(seen.error)
  const killed = match === undefined || match.kind === 'active' || info === null ? null : match.ends
  const ended =
    killed === null || info === null ? world.state : destroy(world.state, info.userId, killed).state
  await world.settle(seen.outcome === 'unknown' ? [world.state, ended] : [ended])
  return null
}

/** Where a change to a session ends up, or why it can not. */
async function whereabouts(
  world: World,
  { node, userId, id }: { node: ModelNode; userId: string; id: string },
): Promise<ModelSession | 'gone' | 'unreadable'> {
  const { sessions, trails } = userOf(world.state, userId)
  const session = sessions.get(id)
  if (session?.content === 'readable') return session
  if (session !== undefined) return 'unreadable'
  const trail = trails.get(id)
  if (trail === undefined || world.clockOf(node) >= trail.graceEnd) return 'gone'
  return whereabouts(world, { node, userId, id: trail.nextId })
}

async function attemptTo<Value>(
  world: World,
  { name, operate }: { name: string; operate: () => Promise<Value> },
): Promise<Attempt<Value>> {
  world.forgetEvents()
  try {
    const value = await operate()
    world.note(`${name} ok`)
    return { value, code: null }
  } catch (error) {
    world.noteError(error)
    const { code } = error as { code?: string }
    if (code === undefined || !/^ERR_SESSION_(UNKNOWN|NOT_FOUND)$/.test(code)) throw error
    world.note(`${name} ${code}`)
    return { code }
  }
}

/** Without trouble everything has to succeed. */
function expectUnknown(world: World, code: string): void {
  expect(code).toBe('ERR_SESSION_UNKNOWN')
  expect(world.trouble.scripts).not.toBe('answered')
}

function expectCode(world: World, { code, target }: { code: string; target: ModelSession | string }): void {
  if (code === 'ERR_SESSION_NOT_FOUND') expect(['gone', 'unreadable']).toContain(target)
  else if (target !== 'unreadable') expectUnknown(world, code)
}

async function receiveIssued(
  world: World,
  { browser, node, issued: { token, record, remember } }: Actor & { issued: Issued },
): Promise<void> {
  const lifetime = record.absoluteEnd - world.clockOf(node)
  await world.receive(browser, [
    serialiseCookie(issuedCookie(node.engine.config.cookie, { value: token, remember, lifetime })),
  ])
  const info = await world.infoOf(token)
  expect(info).toMatchObject({ userId: record.userId, id: record.id, remember, stage: node.stage })
  expect(opens(node, info)).toBe(true)
}
