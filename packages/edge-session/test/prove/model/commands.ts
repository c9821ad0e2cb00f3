import fc from 'fast-check'
import * as change from './changes.ts'
import { TROUBLES, type TroubleName } from './faults.ts'
import { userOf, withSessions } from './sessions.ts'
import { visitPage } from './visits.ts'
import { BROWSERS, LIFETIMES, type ModelNode, USERS, type World } from './world.ts'

export type Step = fc.AsyncCommand<object, World>

const SECOND = 1_000
const MINUTE = 60_000
const browser = fc.nat(BROWSERS - 1)
const at = fc.nat(1)
const userId = fc.constantFrom(...USERS)
const index = fc.nat(2)

const advanceBy = (...lengths: number[]) =>
  step('advance', { ms: fc.constantFrom(...lengths) }, async (world, { ms }) => {
    world.advance(ms)
    await world.settle([world.state])
  })

/** Everything that can happen, and how often. */
export const steps: fc.Arbitrary<Step>[] = [
  ...often(14, visits()),
  ...often(
    7,
    step(
      'signIn',
      { browser, at, userId, remember: fc.boolean(), short: fc.constantFrom(true, false, false) },
      (world, { at, short, ...rest }) =>
        change.signIn(world, { ...rest, node: nodeOf(world, at), idle: short ? 2 * MINUTE : LIFETIMES.idle }),
    ),
  ),
  ...often(
    2,
    step('lookUp', { browser, at, fresh: fc.boolean() }, (world, { at, ...rest }) =>
      change.lookUp(world, { ...rest, node: nodeOf(world, at) }),
    ),
  ),
  ...often(
    3,
    step(
      'update',
      { browser, at, field: fc.constantFrom('a', 'b', 'constructor') },
      (world, { at, ...rest }) => change.update(world, { ...rest, node: nodeOf(world, at) }),
    ),
  ),
  ...often(
    2,
    step('reauthenticate', { browser, at, role: fc.constantFrom('admin', null) }, (world, { at, ...rest }) =>
      change.reauthenticate(world, { ...rest, node: nodeOf(world, at) }),
    ),
  ),
  ...often(
    4,
    step('rotate', { browser, at, lost: fc.boolean() }, (world, { at, ...rest }) =>
      change.rotate(world, { ...rest, node: nodeOf(world, at) }),
    ),
  ),
  // More often than trails are kept for, so that copies of the cookie are older than all of them but the first.
  step('rotateOften', { browser, at }, async (world, { browser, at }) => {
    for (let n = 0; n < 9; n += 1)
      await change.rotate(world, { browser, node: nodeOf(world, at), lost: false })
  }),
  acting('signOut', change.signOut),
  acting('revokeOthers', change.revokeOthers),
  step('list', { at, userId }, (world, { at, ...rest }) =>
    change.list(world, { ...rest, node: nodeOf(world, at) }),
  ),
  step('revokeOne', { at, userId, index, owner: userId }, (world, { at, ...rest }) =>
    change.revokeOne(world, { ...rest, node: nodeOf(world, at) }),
  ),
  step('revokeAll', { at, userId }, (world, { at, ...rest }) =>
    change.revokeAll(world, { ...rest, node: nodeOf(world, at) }),
  ),
  ...often(5, advanceBy(SECOND, 20 * SECOND, 31 * SECOND, 90 * SECOND, 11 * MINUTE, 11 * MINUTE)),
  advanceBy(25 * MINUTE, 25 * MINUTE, 31 * MINUTE, LIFETIMES.absolute - 5 * MINUTE),
  step('changeSecret', { at }, async (world, { at }) => {
    const node = nodeOf(world, at)
    const other = nodeOf(world, 1 - at)
    // Nodes are never further apart than one change: it is deployed everywhere before the next.
    if (node.stage > other.stage) return
    world.restart(node, node.stage + 1)
    world.note('secret changed')
  }),
  ...often(
    3,
    step('copyCookie', { browser, to: browser }, (world, { browser, to }) => copyCookie(world, browser, to)),
  ),
  step('restart', { at }, async (world, { at }) => {
    world.restart(nodeOf(world, at))
    world.note('restarted')
  }),
  ...often(
    2,
    step(
      'trouble',
      { name: fc.constantFrom(...(Object.keys(TROUBLES) as TroubleName[])) },
      async (world, { name }) => {
        // With answers that come only perhaps, what a replica showed could not be told from what the primary did.
        if (world.replica === null || TROUBLES[name].scripts !== 'perhaps') startTrouble(world, name)
      },
    ),
  ),
  ...often(
    3,
    step('noTrouble', {}, async (world) => startTrouble(world, 'none')),
  ),
  ...often(
    2,
    step('lag', {}, async (world) => {
      if (world.trouble.scripts !== 'perhaps') await startLag(world)
    }),
  ),
  step('noLag', {}, async (world) => endLag(world)),
  step('evict', { userId }, async (world, { userId }) => {
    // Nobody announces it, so the feed goes as well.
    await world.kv.command('DEL', `session:${userId}`, 'changes:session:')
    if (userOf(world.state, userId).sessions.size > 0) world.note('evicted')
    await world.settle([new Map([...world.state].filter(([other]) => other !== userId))])
  }),
  step(
    'corrupt',
    { userId, index, how: fc.constantFrom('state' as const, 'times' as const, 'newer' as const) },
    corrupt,
  ),
]

/** Everybody is signed in, and somebody has a copy of alice's cookie. */
export async function signInAll(world: World): Promise<void> {
  for (const [browser, userId] of [USERS[0], USERS[1], USERS[2]].entries())
    await change.signIn(world, {
      browser,
      node: nodeOf(world, browser % 2),
      userId,
      remember: true,
      idle: LIFETIMES.idle,
    })
  await copyCookie(world, 0, 3)
}

/** Trouble ends: then every browser must get the right answer everywhere, at once. */
export async function convergeAll(world: World): Promise<void> {
  endLag(world)
  startTrouble(world, 'none')
  for (let browser = 0; browser < BROWSERS; browser += 1)
    for (const node of world.nodes)
      await visitPage(world, {
        browser,
        node,
        path: '/dashboard',
        method: 'GET',
        passive: false,
        lost: false,
      })
  for (const userId of USERS) for (const node of world.nodes) await change.list(world, { node, userId })
}

function startTrouble(world: World, name: TroubleName): void {
  for (const end of world.ends.splice(0)) end()
  world.trouble = TROUBLES[name]
  world.ends.push(...world.trouble.rules.map((rule) => world.kv.faults.add(rule)))
  world.note(`trouble: ${name}`)
}

/** From now on plain reads show what there is now. */
async function startLag(world: World): Promise<void> {
  world.endLag ??= world.kv.faults.add({ action: { type: 'lag', ms: 'manual' } })
  await world.kv.replica.catchUp()
  world.replica = world.state
  world.note('replica lags')
}

function endLag(world: World): void {
  world.endLag?.()
  world.endLag = null
  world.replica = null
}

async function copyCookie(world: World, from: number, to: number): Promise<void> {
  const token = await world.cookieOf(from)
  const cookie = `__Host-session=${token}; Path=/; Secure; HttpOnly; SameSite=Lax`
  if (token === null) return
  await world.receive(to, [cookie])
  world.note('cookie copied')
}

async function corrupt(
  world: World,
  { userId, index, how }: { userId: string; index: number; how: 'state' | 'times' | 'newer' },
): Promise<void> {
  const sessions = [...userOf(world.state, userId).sessions.values()]
  const readable = sessions
    .filter(({ content }) => content === 'readable')
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const session = readable[index % Math.max(1, readable.length)]
  // A replica that still shows the times would have them written anew.
  if (session === undefined || (how === 'times' && world.replica !== null)) return
  const kept = sessions.filter(({ id }) => id !== session.id)
  const written = { state: '{"r":"admin"', times: '0 x', newer: '2|of a later version' }[how]
  await world.kv.command('HSET', `session:${userId}`, `${how === 'times' ? 't' : 's'}:${session.id}`, written)
  await world.kv.command('DEL', 'changes:session:')
  world.note(`corrupted: ${how}`)
  // Without times a session is over for everybody, until the next sign-in sweeps it away.
  const unreadable = { ...session, version: 0, role: null, data: {} }
  if (how === 'state') kept.push({ ...unreadable, content: 'corrupt' })
  if (how === 'newer') kept.push({ ...unreadable, content: 'newer' })
  await world.settle([withSessions(world.state, userId, kept)])
}

function often<Value>(times: number, value: Value): readonly Value[] {
  return Array(times).fill(value)
}

function visits(): fc.Arbitrary<Step> {
  const method = fc.constantFrom('GET', 'GET', 'GET', 'POST')
  const path = fc.constantFrom('/public', '/dashboard')
  const passive = fc.constantFrom(false, false, false, true)
  const lost = fc.constantFrom(false, false, true)
  return step('visit', { browser, at, path, method, passive, lost }, (world, { at, ...rest }) =>
    visitPage(world, { ...rest, node: nodeOf(world, at) } as Parameters<typeof visitPage>[1]),
  )
}

function acting(name: string, run: (world: World, actor: change.Actor) => Promise<void>): fc.Arbitrary<Step> {
  return step(name, { browser, at }, (world, { browser, at }) =>
    run(world, { browser, node: nodeOf(world, at) }),
  )
}

function step<Choices extends object>(
  name: string,
  choices: { [Key in keyof Choices]: fc.Arbitrary<Choices[Key]> },
  run: (world: World, chosen: Choices) => Promise<void>,
): fc.Arbitrary<Step> {
  return fc.record(choices).map((chosen) => ({
    check: () => true,
    async run(_, world) {
      const { compared } = world
      await run(world, chosen as Choices)
      // Also where nothing should have changed.
      if (world.compared === compared) await world.settle([world.state])
    },
    toString: () => `${name}(${JSON.stringify(chosen)})`,
  }))
}

function nodeOf(world: World, at: number): ModelNode {
  const node = world.nodes[at]
  if (node === undefined) throw new Error('there are two nodes')
  return node
}
