import { randomUUID } from 'node:crypto'
import type { Ask, HttpPool, Reply } from './http-pool.ts'
import { clearsCookie, judge, PATHS, type Page, tokenSetBy, type Verdict } from './judge.ts'
import type { Tally } from './tally.ts'

/** A browser with at most one session. */
export interface Visitor {
  readonly user: string
  token: string | null
  mark: string
  marked: boolean
  /** Requests under way. */
  busy: number
}

export interface Acts {
  read(visitor: Visitor, page: Page): Promise<Verdict | 'broken'>
  /** Writes this session's mark into its data. */
  patch(visitor: Visitor): Promise<void>
  signIn(visitor: Visitor): Promise<void>
  /** Signs out, then shows the old token once more. */
  signOut(visitor: Visitor): Promise<void>
}

export function newVisitor(user: string): Visitor {
  return { user, token: null, mark: '', marked: false, busy: 0 }
}

const REPLAYED: Readonly<Record<number, Verdict>> = { 401: 'right', 503: 'unavailable', 200: 'revived' }

/** What visitors do through `pool`; every answer is judged and counted in `tally`. */
export function actsOf(pool: HttpPool, tally: Tally): Acts {
  async function send(kind: string, ask: Ask, verdictOf: (reply: Reply) => Verdict) {
    let reply: Reply
    try {
      reply = await pool.send(ask)
    } catch (error) {
      tally.addBroken(kind, error)
      return null
    }
    const verdict = verdictOf(reply)
    const complaint = `${ask.path} ${reply.location} ${clearsCookie(reply) ? 'cookie cleared ' : ''}${reply.text.slice(0, 200)}`
    tally.add({ kind, status: reply.status, verdict, milliseconds: reply.milliseconds, complaint })
    return { reply, verdict }
  }

  return {
    async read(visitor, page) {
      const { user, mark, marked, token } = visitor
      const answer = await send(page, { path: PATHS[page], token }, (reply) =>
        judge(page, reply, { user, mark, marked }),
      )
      if (answer === null) return 'broken'
      const renewed = tokenSetBy(answer.reply)
      if (renewed !== null) visitor.token = renewed
      return answer.verdict
    },

    async patch(visitor) {
      const { mark, token } = visitor
      const ask: Ask = { method: 'PATCH', path: '/api/session', token, body: { mark } }
      const answer = await send('patch', ask, (reply) => {
        if (reply.status === 401 || clearsCookie(reply)) return 'lost'
        if (reply.status === 503) return 'unavailable'
        if (reply.status !== 200) return 'unexpected'
        return (JSON.parse(reply.text) as { data: { mark?: string } }).data.mark === mark
          ? 'right'
          : 'wrong-identity'
      })
      if (answer?.verdict === 'right') visitor.marked = true
    },

    async signIn(visitor) {
      const { user } = visitor
      const ask: Ask = { method: 'POST', path: '/api/auth/login', body: { user, pass: `demo-${user}` } }
      const answer = await send('sign-in', ask, (reply) => {
        if (reply.status === 503) return tokenSetBy(reply) === null ? 'unavailable' : 'unexpected'
        if (reply.status !== 200 || tokenSetBy(reply) === null) return 'unexpected'
        return (JSON.parse(reply.text) as { userId: string }).userId === user ? 'right' : 'wrong-identity'
      })
      if (answer?.verdict !== 'right') return
      Object.assign(visitor, { token: tokenSetBy(answer.reply), mark: randomUUID(), marked: false })
    },

    async signOut(visitor) {
      const { token } = visitor
      // From here on this session may be over, whatever the answer is.
      visitor.token = null
      const ask: Ask = { method: 'POST', path: '/api/auth/logout', token }
      const answer = await send('sign-out', ask, (reply) => {
        if (!clearsCookie(reply)) return 'unexpected'
        return reply.status === 204 ? 'right' : reply.status === 503 ? 'unavailable' : 'unexpected'
      })
      if (answer?.verdict !== 'right') return
      await send('replay', { path: PATHS.me, token }, ({ status }) => REPLAYED[status] ?? 'unexpected')
    },
  }
}
