import type { Page } from './judge.ts'
import { type Acts, newVisitor, type Visitor } from './visitors.ts'

/** Visitors who come and go: of 100 requests 80 read, 15 write and so touch, 5 sign in or out. */
export interface Crowd {
  readonly visitors: readonly Visitor[]
  /** Everybody signs in, a few at a time. */
  arrive(acts: Acts): Promise<void>
  /** One thing that somebody does. */
  step(acts: Acts): Promise<void>
  /** One read of somebody who is signed in. */
  read(acts: Acts): Promise<void>
  leave(acts: Acts): Promise<void>
}

type Act = Page | 'patch' | 'come or go'

const READS: readonly (readonly [Page, number])[] = [
  ['dashboard', 25],
  ['me', 25],
  ['whoami', 15],
  ['public', 15],
]
const EVERYTHING: readonly (readonly [Act, number])[] = [...READS, ['patch', 15], ['come or go', 5]]
const AT_ONCE = 4

export function gatherCrowd(users: readonly string[], size: number): Crowd {
  const visitors = Array.from({ length: size }, (_, n) => newVisitor(users[n % users.length] ?? ''))

  async function act(visitor: Visitor, work: () => Promise<unknown>): Promise<void> {
    visitor.busy += 1
    try {
      await work()
    } finally {
      visitor.busy -= 1
    }
  }

  async function read(acts: Acts, page: Page): Promise<void> {
    const visitor = anyOf(visitors.filter(({ token }) => token !== null))
    if (visitor !== undefined) await act(visitor, () => acts.read(visitor, page))
  }

  async function write(acts: Acts): Promise<void> {
    const visitor = anyOf(visitors.filter(({ token }) => token !== null))
    if (visitor !== undefined) await act(visitor, () => acts.patch(visitor))
  }

  /** Nobody signs out while another request of theirs is under way: its answer could be either. */
  async function comeOrGo(acts: Acts): Promise<void> {
    const free = visitors.filter(({ busy }) => busy === 0)
    const away = free.filter(({ token }) => token === null)
    // As many come as go.
    const visitor = away.length > visitors.length / 10 ? anyOf(away) : anyOf(free)
    if (visitor === undefined) return
    await act(visitor, () => (visitor.token === null ? enter(acts, visitor) : acts.signOut(visitor)))
  }

  return {
    visitors,
    arrive: (acts) => forEach(visitors, (visitor) => enter(acts, visitor)),
    leave: (acts) =>
      forEach(
        visitors.filter(({ token }) => token !== null),
        (visitor) => acts.signOut(visitor),
      ),
    read: (acts) => read(acts, pick(READS)),
    step(acts) {
      const act = pick(EVERYTHING)
      if (act === 'come or go') return comeOrGo(acts)
      return act === 'patch' ? write(acts) : read(acts, act)
    },
  }
}

async function enter(acts: Acts, visitor: Visitor): Promise<void> {
  await acts.signIn(visitor)
  if (visitor.token !== null) await acts.patch(visitor)
}

function anyOf<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)]
}

/** One of `choices`, each as often as its share says. */
function pick<Choice>(choices: readonly (readonly [Choice, number])[]): Choice {
  let point = Math.random() * choices.reduce((sum, [, share]) => sum + share, 0)
  for (const [choice, share] of choices) {
    point -= share
    if (point < 0) return choice
  }
  throw new RangeError('shares have to be above 0')
}

async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const waiting = [...items]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
    }),
  )
}
