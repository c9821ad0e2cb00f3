import { describe, expect, it } from 'vitest'
import type { Reply } from './http-pool.ts'
import { judge, type Page, type Verdict } from './judge.ts'

const ALICE = { user: 'alice', mark: 'm1', marked: true }

function reply(text: string, rest: Partial<Reply> = {}): Reply {
  return { status: 200, setCookies: [], location: '', text, milliseconds: 1, ...rest }
}

function page(...users: readonly string[]): string {
  return `secret:dashboard ${users.map((user) => `<bdi class="user-id" title="x">${user}</bdi>`).join(' ')}`
}

function me(userId: string, mark?: string): string {
  return JSON.stringify({ userId, data: { mark } })
}

function whoami(header: string | null, session: string | null): string {
  return JSON.stringify({ header, session })
}

const ANSWERS: readonly (readonly [Verdict, Page, Reply])[] = [
  ['right', 'dashboard', reply(page('alice', 'alice'))],
  ['wrong-identity', 'dashboard', reply(page('alice', 'bob'))],
  ['wrong-identity', 'dashboard', reply(page('bob', 'alice'))],
  ['unexpected', 'dashboard', reply(page())],
  ['lost', 'dashboard', reply('', { status: 307, location: '/login?next=%2Fdashboard' })],
  ['unavailable', 'dashboard', reply('', { status: 503 })],
  ['unexpected', 'dashboard', reply('', { status: 500 })],
  ['right', 'public', reply(page('alice'))],
  ['wrong-identity', 'public', reply(page('bob'))],
  ['unavailable', 'public', reply('You are anonymous.')],
  ['lost', 'public', reply('You are anonymous.', { setCookies: ['__Host-session=; Max-Age=0'] })],
  ['right', 'me', reply(me('alice', 'm1'))],
  ['wrong-identity', 'me', reply(me('bob', 'm1'))],
  ['wrong-identity', 'me', reply(me('alice', 'm2'))],
  ['wrong-identity', 'me', reply(me('alice'))],
  ['lost', 'me', reply('', { status: 401 })],
  ['lost', 'me', reply('', { status: 503, setCookies: ['__Host-session=; Max-Age=0'] })],
  ['right', 'whoami', reply(whoami('alice', 'alice'))],
  ['wrong-identity', 'whoami', reply(whoami('alice', 'bob'))],
  ['wrong-identity', 'whoami', reply(whoami('bob', null))],
  ['unexpected', 'whoami', reply(whoami(null, 'alice'))],
  ['unavailable', 'whoami', reply(whoami(null, null))],
]

describe('the judge of answers to alice', () => {
  it.each(ANSWERS)('says %s of /%s %j', (verdict, page, answer) => {
    expect(judge(page, answer, ALICE)).toBe(verdict)
  })

  it('knows user ids as HTML spells them', () => {
    const odd = { ...ALICE, user: `<a href="x">&'` }
    expect(judge('public', reply(page('&lt;a href=&quot;x&quot;&gt;&amp;&#x27;')), odd)).toBe('right')
  })

  it('lets a session be without its mark until the app has confirmed it', () => {
    expect(judge('me', reply(me('alice')), { ...ALICE, marked: false })).toBe('right')
    expect(judge('me', reply(me('alice', 'm2')), { ...ALICE, marked: false })).toBe('wrong-identity')
  })
})
