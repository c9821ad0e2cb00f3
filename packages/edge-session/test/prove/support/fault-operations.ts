import type { SessionRecord } from '../../../src/lib/record.ts'
import type { OpenToken } from '../../../src/lib/token.ts'
import type { TestInstance } from '../../support/instance.ts'
import { visit } from '../../support/visit.ts'
import type { Effect } from './fault-table.ts'

/** What an operation is about: somebody with two sessions. */
export interface Subject {
  readonly userId: string
  readonly token: string
  readonly held: { readonly token: OpenToken; readonly record: SessionRecord }
}

/** What is right: what the caller hears during the fault, what is stored then, and what comes of the same call again. */
export interface Outcome {
  readonly hears: string
  readonly leaves: string
  readonly again: string
  /** What is stored in the end. */
  readonly inTheEnd: string
}

export interface Operation {
  readonly name: string
  /** The session was revoked before the fault begins: nothing may ever answer as if it were alive. */
  readonly revoked?: true
  /** What the caller hears; errors by their code. */
  readonly act: (app: TestInstance, subject: Subject) => Promise<string>
  /** What is stored, as a node without trouble sees it. */
  readonly look: (calm: TestInstance, subject: Subject) => Promise<string>
  readonly right: Readonly<Record<Effect, Outcome>>
}

/** What a protected page answers to its user, while KV does not say, and to a visitor who is signed out. */
export const AS_USER = '200 as the user'
export const NOT_KNOWN = '503 as nobody, try again in 2'
export const SIGNED_OUT = '307 as nobody, the cookie is cleared'

const UNKNOWN = 'ERR_SESSION_UNKNOWN'

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'create',
    act: async (app, { userId }) => ((await app.signIn(userId)) === '' ? 'nothing' : 'signed in'),
    look: async (calm, { userId }) => `${(await calm.lifecycle.list(userId)).length} sessions`,
    right: {
      dropped: { hears: UNKNOWN, leaves: '2 sessions', again: 'signed in', inTheEnd: '3 sessions' },
      // One that nobody has a token of: it ends as idle.
      lost: { hears: UNKNOWN, leaves: '3 sessions', again: 'signed in', inTheEnd: '4 sessions' },
      late: { hears: UNKNOWN, leaves: '2 sessions', again: 'signed in', inTheEnd: '4 sessions' },
      harmless: { hears: 'signed in', leaves: '3 sessions', again: 'signed in', inTheEnd: '4 sessions' },
    },
  },
  {
    name: 'read',
    act: read,
    look: idOf,
    right: reading('active', 'unknown', 'old id'),
  },
  {
    name: 'authoritative read',
    act: freshRead,
    look: idOf,
    right: reading('active', 'unknown', 'old id'),
  },
  {
    name: 'touch',
    async act(app, { held }) {
      const before = app.events.length
      await app.engine.parts().recognition.touch(held.record)
      return (
        app.events
          .slice(before)
          .map(({ type }) => type)
          .join() || 'not due'
      )
    },
    async look(calm, { token, held }) {
      const recognised = await calm.engine.recognise([token])
      if (recognised.outcome !== 'active') return recognised.outcome
      return recognised.record.lastSeenAt > held.record.lastSeenAt ? 'recorded' : 'not recorded'
    },
    right: {
      dropped: { hears: 'unknown', leaves: 'not recorded', again: 'touch', inTheEnd: 'recorded' },
      lost: { hears: 'unknown', leaves: 'recorded', again: 'touch', inTheEnd: 'recorded' },
      late: { hears: 'unknown', leaves: 'not recorded', again: 'touch', inTheEnd: 'recorded' },
      harmless: { hears: 'touch', leaves: 'recorded', again: 'not due', inTheEnd: 'recorded' },
    },
  },
  {
    name: 'update',
    act: update,
    async look(calm, { token }) {
      const recognised = await calm.engine.recognise([token])
      return recognised.outcome === 'active' ? JSON.stringify(recognised.record.data) : recognised.outcome
    },
    right: {
      dropped: { hears: UNKNOWN, leaves: '{"canary":1}', again: 'updated', inTheEnd: '{"canary":1,"a":1}' },
      lost: {
        hears: UNKNOWN,
        leaves: '{"canary":1,"a":1}',
        again: 'updated',
        inTheEnd: '{"canary":1,"a":1}',
      },
      late: { hears: UNKNOWN, leaves: '{"canary":1}', again: 'updated', inTheEnd: '{"canary":1,"a":1}' },
      harmless: {
        hears: 'updated',
        leaves: '{"canary":1,"a":1}',
        again: 'updated',
        inTheEnd: '{"canary":1,"a":1}',
      },
    },
  },
  {
    name: 'rotate',
    act: rotate,
    look: idOf,
    right: {
      dropped: { hears: UNKNOWN, leaves: 'old id', again: 'rotated', inTheEnd: 'new id' },
      // The old token still leads there, so nobody is signed out.
      lost: { hears: UNKNOWN, leaves: 'new id', again: 'rotated', inTheEnd: 'new id' },
      late: { hears: UNKNOWN, leaves: 'old id', again: 'rotated', inTheEnd: 'new id' },
      harmless: { hears: 'rotated', leaves: 'new id', again: 'rotated', inTheEnd: 'new id' },
    },
  },
  {
    name: 'destroy',
    act: async (app, { held }) => ((await app.lifecycle.destroy(held.token)) ? 'ended' : 'nothing to end'),
    look: idOf,
    right: ending('ended', 'nothing to end'),
  },
  {
    name: 'revoke',
    act: async (app, { held }) => ((await app.lifecycle.revoke(held.record)) ? 'ended' : 'nothing to end'),
    look: idOf,
    right: ending('ended', 'nothing to end'),
  },
  {
    name: 'revoke all',
    act: async (app, { userId }) => `${await app.lifecycle.revokeAll(userId, { except: null })} ended`,
    look: idOf,
    right: ending('2 ended', '0 ended'),
  },
  {
    name: 'list',
    act: async (app, { userId }) => `${(await app.lifecycle.list(userId)).length} sessions`,
    look: idOf,
    right: reading('2 sessions', UNKNOWN, 'old id'),
  },
  {
    name: 're-authenticate',
    async act(app, { held }) {
      await app.lifecycle.reauthenticate(held, { role: 'admin' })
      return 'proven'
    },
    async look(calm, { userId, token, held }) {
      const [own] = (await calm.lifecycle.list(userId)).filter(({ role }) => role === 'admin')
      if (own === undefined) return idOf(calm, { userId, token, held })
      return (await calm.engine.recognise([token])).outcome === 'none' ? 'new id only' : 'both ids'
    },
    right: {
      dropped: { hears: UNKNOWN, leaves: 'old id', again: 'proven', inTheEnd: 'new id only' },
      // The old id dies at once, without a trail: where every answer is lost the user signs in again.
      lost: {
        hears: UNKNOWN,
        leaves: 'new id only',
        again: 'ERR_SESSION_NOT_FOUND',
        inTheEnd: 'new id only',
      },
      late: { hears: UNKNOWN, leaves: 'old id', again: 'proven', inTheEnd: 'new id only' },
      harmless: {
        hears: 'proven',
        leaves: 'new id only',
        again: 'ERR_SESSION_NOT_FOUND',
        inTheEnd: 'new id only',
      },
    },
  },
  {
    name: 'proxy, protected page',
    act: (app, subject) => visited(app, subject, '/dashboard'),
    look: idOf,
    right: reading(AS_USER, NOT_KNOWN, 'old id'),
  },
  {
    name: 'proxy, public page',
    act: (app, subject) => visited(app, subject, '/public'),
    look: idOf,
    right: reading(AS_USER, '200 as nobody', 'old id'),
  },
  {
    name: 'read of a revoked session',
    revoked: true,
    act: read,
    look: idOf,
    right: reading('none', 'unknown', 'none'),
  },
  {
    name: 'authoritative read of a revoked session',
    revoked: true,
    act: freshRead,
    look: idOf,
    right: reading('none', 'unknown', 'none'),
  },
  {
    name: 'update of a revoked session',
    revoked: true,
    act: update,
    look: idOf,
    right: reading('ERR_SESSION_NOT_FOUND', UNKNOWN, 'none'),
  },
  {
    name: 'rotation of a revoked session',
    revoked: true,
    act: rotate,
    look: idOf,
    right: reading('gone', UNKNOWN, 'none'),
  },
  {
    name: 'proxy, protected page of a revoked session',
    revoked: true,
    act: (app, subject) => visited(app, subject, '/dashboard'),
    look: idOf,
    right: reading(SIGNED_OUT, NOT_KNOWN, 'none'),
  },
]

/** What changes nothing, so that all that matters is what is heard. */
function reading(known: string, unknown: string, stored: string): Readonly<Record<Effect, Outcome>> {
  const failed = { hears: unknown, leaves: stored, again: known, inTheEnd: stored }
  return { dropped: failed, lost: failed, late: failed, harmless: { ...failed, hears: known } }
}

function ending(known: string, nothing: string): Readonly<Record<Effect, Outcome>> {
  return {
    dropped: { hears: UNKNOWN, leaves: 'old id', again: known, inTheEnd: 'none' },
    lost: { hears: UNKNOWN, leaves: 'none', again: nothing, inTheEnd: 'none' },
    late: { hears: UNKNOWN, leaves: 'old id', again: known, inTheEnd: 'none' },
    harmless: { hears: known, leaves: 'none', again: nothing, inTheEnd: 'none' },
  }
}

async function read(app: TestInstance, { token }: Subject): Promise<string> {
  return (await app.engine.recognise([token])).outcome
}

async function freshRead(app: TestInstance, { token }: Subject): Promise<string> {
  return (await app.engine.recognise([token], { fresh: true })).outcome
}

async function update(app: TestInstance, { held }: Subject): Promise<string> {
  await app.lifecycle.update(held, (record) => ({ ...record, data: { ...record.data, a: 1 } }))
  return 'updated'
}

async function rotate(app: TestInstance, { held }: Subject): Promise<string> {
  return (await app.lifecycle.rotate(held)) === null ? 'gone' : 'rotated'
}

/** Whether the token is of use, and under which id its session lives. */
async function idOf(calm: TestInstance, { token, held }: Subject): Promise<string> {
  const recognised = await calm.engine.recognise([token])
  if (recognised.outcome !== 'active') return recognised.outcome
  return recognised.record.id === held.record.id ? 'old id' : 'new id'
}

/** What the page answers and as whom; says so if a cookie was set or cleared, as none may be. */
export async function visited(
  app: TestInstance,
  { userId, token }: Subject,
  path: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const { status, response, seen, setCookies } = await visit(app.proxy, path, { token, headers })
  const who = seen?.get('x-user-id') === userId ? 'the user' : seen?.has('x-user-id') ? 'somebody' : 'nobody'
  const retry = response.headers.get('retry-after')
  const cleared = setCookies.every((cookie) => /^__Host-session=;.*Max-Age=0/.test(cookie))
  const kept = seen === null || seen.get('cookie') === `__Host-session=${token}`
  return [
    `${status} as ${who}`,
    ...(retry === null ? [] : [`try again in ${retry}`]),
    ...(setCookies.length === 0 ? [] : [cleared ? 'the cookie is cleared' : 'a cookie is set']),
    ...(kept ? [] : ['the cookie is taken away']),
  ].join(', ')
}
