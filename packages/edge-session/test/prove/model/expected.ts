import { sha256 } from '../../../src/lib/encoding.ts'
import {
  endOf,
  type Found,
  follow,
  type ModelState,
  type ModelUser,
  resolve,
  userOf,
  withSessions,
} from './sessions.ts'
import { GRACE, type ModelNode, type TokenInfo, type World } from './world.ts'

/** One right answer to a lookup. `cookieIsDead`: then, and only then, the cookie may go. */
export type Expected =
  | Extract<Found, { kind: 'active' }>
  | { readonly kind: 'none'; readonly cookieIsDead: boolean; readonly ends: string | null }
  | { readonly kind: 'unknown'; readonly ends: string | null }

/** All the right answers to a lookup of this token on this node, as things stand. */
export async function expectLookup(
  world: World,
  node: ModelNode,
  { token, fresh }: { token: string | null; fresh: boolean },
): Promise<readonly Expected[]> {
  if (token === null) return [{ kind: 'none', cookieIsDead: false, ends: null }]
  const info = await world.infoOf(token)
  const now = world.clockOf(node)
  if (!opens(node, info)) return [{ kind: 'none', cookieIsDead: false, ends: null }]
  if (now >= info.absoluteEnd) return [{ kind: 'none', cookieIsDead: true, ends: null }]

  const { reads, scripts } = world.trouble
  // A token that is new is not taken for a stolen one.
  const family = now >= info.issuedAt + GRACE ? info.family : info.id
  const ref = { userId: info.userId, id: info.id, family, now }
  /** From where a replica sends it, there may be no way on that leads to the session: from its first id there is. */
  const asExpected = (found: Found) => expectedOf(found, userOf(world.state, info.userId), info.family)
  const fromReplica = !fresh && reads !== 'unanswered'
  const views = fromReplica ? replicasOf(world).map((replica) => [replica, world.state]) : [[world.state]]
  const found = views.map((view) => asExpected(resolve(view, ref)))
  if (scripts === 'answered') return found
  if (scripts === 'perhaps') return [...found, ...found.map(unheard)]
  // An active session takes no script; whatever else is found does.
  const readsAnswer = !fresh && reads === 'answered'
  if (!readsAnswer) return [{ kind: 'unknown', ends: null }]
  const byReads = replicasOf(world).map((replica) => asExpected(resolve([replica], ref)))
  return byReads.map((one) => (one.kind === 'active' ? one : unheard(one)))
}

/** The same when nothing is heard of it. */
function unheard(one: Expected): Expected {
  return { kind: 'unknown', ends: one.kind === 'active' ? null : one.ends }
}

/** What the ids of a token's way to its session derive from, as far as this node has the secrets. */
export async function reissues(
  node: ModelNode,
  { sid }: TokenInfo,
  path: readonly string[],
): Promise<boolean> {
  let current: string | undefined = sid
  for (const id of path.slice(1)) {
    if (current === undefined) return false
    current = (await successorsOf(node, current)).find((next) => next.id === id)?.sid
  }
  return path.length > 1 && current !== undefined
}

/** The sids that may follow, as each secret of the node derives them; its own choice first. */
export async function successorsOf(
  node: ModelNode,
  sid: string,
): Promise<readonly { sid: string; id: string }[]> {
  const successors = await node.engine.parts().seal.successors(sid)
  return Promise.all(successors.map(async (next) => ({ sid: next, id: await sha256(next) })))
}

export function opens(node: ModelNode, { stage }: TokenInfo): boolean {
  return stage === node.stage || stage === node.stage - 1
}

/** What a replica may show: between the clocks of two nodes a key may be gone there or not. */
function replicasOf({ replica, state, nodes, clockOf }: World): readonly ModelState[] {
  if (replica === null) return [state]
  const fastest = Math.max(...nodes.map(clockOf))
  let without = replica
  for (const [userId, { sessions }] of replica) {
    const kept = [...sessions.values()].filter((session) => fastest < endOf(session))
    without = withSessions(without, userId, kept)
  }
  return [replica, without]
}

function expectedOf(found: Found, user: ModelUser, family: string): Expected {
  if (found.kind === 'none') return { kind: 'none', cookieIsDead: true, ends: null }
  if (found.kind === 'reuse')
    return { kind: 'none', cookieIsDead: true, ends: follow(user, found.nextId) ?? family }
  return found.kind === 'unknown' ? { kind: 'unknown', ends: null } : found
}
