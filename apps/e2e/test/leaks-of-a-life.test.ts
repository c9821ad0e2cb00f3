import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultAction } from 'local-kv'
import { describe, expect, it } from 'vitest'
import { contentsOf, useBench } from '../support/bench.ts'
import { issuedTokens } from '../support/every-reply.ts'
import { filesBelow } from '../support/files-below.ts'
import type { Reply } from '../support/http.ts'
import { actionCall, actionIds } from '../support/server-actions.ts'
import { sidOf } from '../support/sid-of.ts'
import { type Treasure, tracesOf } from '../support/traces.ts'
import { directoryOf, GUARDED } from '../support/variants.ts'
import type { Visitor } from '../support/visitor.ts'

const PAGES = [
  '/',
  '/public',
  '/static',
  '/login',
  '/dashboard',
  '/dashboard/sessions',
  '/admin',
  '/sensitive',
  '/confirm',
  '/cached',
  '/acme/settings',
  '/files/private/a',
  '/files/open/a',
  '/nowhere',
]
const APIS = ['/api/me', '/api/session', '/api/sessions', '/api/whoami']

const CANARY = 'canary-5e1fd0'
const IN_DATA = ['data', 'updated', 'while-failing', 'in-the-reply'] as const
const IN_PASSWORDS = ['password', 'wrong-password'] as const
type Canary = (typeof IN_DATA | typeof IN_PASSWORDS)[number]
const canary = (name: Canary) => `${CANARY}-${name}`

const KEY = 'session:josé'

const GARBAGE: readonly FaultAction[] = [
  { type: 'status', status: 401 },
  { type: 'status', status: 500, body: `{"error":"ERR ${canary('in-the-reply')}"}` },
  { type: 'status', status: 429, body: `{"error":"ERR max requests limit exceeded"}` },
  { type: 'status', status: 502, body: `<html>${canary('in-the-reply')}</html>` },
  { type: 'body', body: `<html>${canary('in-the-reply')}</html>` },
  { type: 'body', body: `{"error":"ERR, command was: [\\"HMGET\\",\\"${canary('in-the-reply')}\\"]"}` },
  { type: 'body', body: `{"result":["1|{\\"${canary('in-the-reply')}\\":1}","1 2 3 4 5 6",null,null]}` },
  { type: 'body', body: `{"result":"${canary('in-the-reply')}"}` },
  { type: 'body', body: 'null' },
  { type: 'refuse' },
  { type: 'reset', when: 'before' },
  { type: 'reset', when: 'after' },
  { type: 'truncate', at: 40 },
  { type: 'truncate', at: 40, framing: 'complete' },
]

/** The replies it got, from now on. */
function repliesTo(visitor: Visitor): Reply[] {
  const replies: Reply[] = []
  const { send } = visitor
  visitor.send = async (path, outgoing) => {
    const reply = await send(path, outgoing)
    replies.push(reply)
    return reply
  }
  return replies
}

async function lookAround(visitor: Visitor): Promise<void> {
  for (const path of PAGES) {
    for (const headers of [{}, { rsc: '1' }, { rsc: '1', 'next-router-prefetch': '1' }])
      await visitor.send(path, { headers, mayFail: true })
  }
  for (const path of APIS) await visitor.get(path)
}

function patch(visitor: Visitor, name: Canary): Promise<Reply> {
  return visitor.send('/api/session', { method: 'PATCH', body: JSON.stringify({ note: canary(name) }) })
}

describe.each(GUARDED)('after the whole life of a user’s sessions, on $name,', (variant) => {
  const bench = useBench(variant, { env: { SESSION_EVENTS: '1' } })
  const own: Reply[][] = []
  const strangers: Reply[][] = []
  let whileAlive = ''

  /** A browser of the user whose sessions these are. */
  function device(): Visitor {
    const visitor = bench.visitor()
    own.push(repliesTo(visitor))
    return visitor
  }

  function other(): Visitor {
    const visitor = bench.visitor()
    strangers.push(repliesTo(visitor))
    return visitor
  }

  async function live(): Promise<void> {
    const [here, there, alice, bob, nobody] = [device(), device(), other(), other(), other()]
    const wrong = { user: 'josé', pass: canary('wrong-password') }
    expect((await here.post('/api/auth/login', wrong)).status).toBe(401)
    await here.signIn('josé')
    await there.signIn('josé')
    await alice.signIn('alice')
    await bob.signIn('bob')
    for (const id of actionIds(variant))
      await here.copy().send('/dashboard', { ...actionCall(id, `["${canary('password')}"]`), mayFail: true })
    await here.signIn('josé')
    expect((await patch(here, 'data')).status).toBe(200)
    await lookAround(here)
    expect((await here.post('/api/auth/rotate')).status).toBe(204)
    expect((await here.post('/api/auth/reauth', { pass: canary('password') })).status).toBe(401)
    expect((await here.post('/api/auth/reauth', { pass: 'demo-josé' })).status).toBe(204)
    expect((await patch(here, 'updated')).status).toBe(200)
    const listed = (await here.get('/api/sessions')).json<readonly { id: string; current: boolean }[]>()
    const elsewhere = listed.find(({ current }) => !current)?.id
    for (const visitor of [bob, nobody, here])
      await visitor.send(`/api/sessions/${elsewhere}`, {
        method: 'DELETE',
        headers: { origin: bench.origin },
      })
    expect((await there.get('/api/me')).status).toBe(401)
    await there.signIn('josé')
    expect((await here.post('/api/sessions/revoke-others')).status).toBe(200)
    whileAlive = `${await bench.kv.command('HGETALL', KEY)}`
    for (const visitor of [alice, bob, nobody]) await lookAround(visitor)
    await fail(here)
    const last = device()
    await last.signIn('josé')
    expect((await alice.post(`/api/admin/users/${encodeURIComponent('josé')}/revoke`)).status).toBe(200)
    await lookAround(last)
    await last.signIn('josé')
    expect((await last.post('/api/auth/logout')).status).toBe(204)
    for (const visitor of [alice, bob, nobody]) await lookAround(visitor)
  }

  async function fail(here: Visitor): Promise<void> {
    for (const action of GARBAGE) {
      const end = bench.kv.faults.add({ action })
      for (const path of ['/', '/dashboard', '/dashboard/sessions', '/acme/settings', ...APIS])
        for (const headers of [{}, { rsc: '1' }]) await here.send(path, { headers, mayFail: true })
      await patch(here, 'while-failing')
      await here.post('/api/auth/rotate')
      await here.post('/api/auth/reauth', { pass: 'demo-josé' })
      await here.post('/api/sessions/revoke-others')
      await device().post('/api/auth/login', { user: 'josé', pass: 'demo-josé' })
      await here.copy().post('/api/auth/logout')
      end()
      await here.signIn('josé')
    }
  }

  async function treasures(): Promise<{ secrets: readonly Treasure[]; data: readonly Treasure[] }> {
    const tokens = [...issuedTokens()].filter((token) => token.includes('..'))
    const sids = await Promise.all(tokens.map((token) => sidOf(token, bench.secrets.SESSION_SECRET)))
    const secrets = [
      ...tokens.map((token) => ({ name: 'what a token encrypts', value: token.split('.')[3] ?? '' })),
      ...sids.flatMap((value) => (value === null ? [] : [{ name: 'a sid', value }])),
      ...Object.entries(bench.secrets).map(([name, value]) => ({ name, value })),
      { name: 'the KV token', value: bench.kv.token },
      { name: 'his password', value: 'demo-josé' },
      ...IN_PASSWORDS.map((name) => ({ name, value: canary(name) })),
    ]
    return { secrets, data: IN_DATA.map((name) => ({ name, value: canary(name) })) }
  }

  it('what is secret is found nowhere, and what is theirs only where it belongs', async () => {
    const started = Date.now()
    await live()
    const { secrets, data } = await treasures()
    const all = [...secrets, ...data]
    expect(secrets.filter(({ name }) => name === 'a sid').length).toBeGreaterThan(GARBAGE.length)

    const printed = bench.servers.map((server) => server.output()).join('\n')
    for (const type of ['sign-in', 'sign-out', 'update', 'rotation', 'revocation', 'unknown'])
      expect(printed).toMatch(new RegExp(`"type":"[^"]*${type}`))
    expect(tracesOf(all, printed)).toEqual([])

    expect(whileAlive).toContain(canary('updated'))
    expect(tracesOf(secrets, whileAlive)).toEqual([])
    const kept = await contentsOf(bench.kv)
    expect(kept.length).toBeGreaterThan(1)
    expect(tracesOf(all, kept.join('\n'))).toEqual([])
    const commands = bench.kv.journal().map(({ command }) => command)
    const [theirs, not] = [true, false].map((is) => commands.filter((c) => c.includes(KEY) === is))
    expect(tracesOf(data, `${theirs}`)).toContain('updated')
    expect(tracesOf(secrets, `${theirs}`)).toEqual([])
    expect(tracesOf(all, `${not}`)).toEqual([])

    const [mine, foreign] = [own.flat(), strangers.flat()]
    expect(mine.filter(({ text }) => tracesOf(data, text).length > 0).length).toBeGreaterThan(2)
    expect(tracesOf(secrets, mine.map(({ text }) => text).join('\n'))).toEqual([])
    const problems = mine.filter(({ headers }) => /problem\+json/.test(headers['content-type'] ?? ''))
    expect(problems.length).toBeGreaterThan(GARBAGE.length)
    expect(tracesOf(all, problems.map(({ text }) => text).join('\n'))).toEqual([])
    expect(tracesOf(all, JSON.stringify([...mine, ...foreign].map(({ headers }) => headers)))).toEqual([])
    expect(tracesOf(all, foreign.map(({ text }) => text).join('\n'))).toEqual([])
    const cookies = mine.flatMap(({ setCookies }) => setCookies).filter((line) => !/=;/.test(line))
    expect(foreign.flatMap(({ setCookies }) => setCookies).filter((line) => cookies.includes(line))).toEqual(
      [],
    )

    const built = filesBelow(join(directoryOf(variant), '.next')).filter(
      (file) => /\.next\/static\//.test(file) || statSync(file).mtimeMs > started,
    )
    expect(built.length).toBeGreaterThan(5)
    expect(built.filter((file) => file.endsWith('.map'))).toEqual([])
    for (const file of built) expect([file, tracesOf(all, readFileSync(file, 'latin1'))]).toEqual([file, []])
    console.log(
      `${variant.name}: ${all.length} secrets, ${mine.length} + ${foreign.length} replies, ${commands.length} commands`,
    )
  }, 180_000)

  it('a trace is found in whatever encoding', () => {
    const token = 'eyJhbGciOiJkaXIi.abc'
    const treasure = [{ name: 'it', value: token }]
    for (const text of [
      `x${token}y`,
      encodeURIComponent(`{"${token}"}`),
      Buffer.from(token).toString('hex'),
      Buffer.from(token).toString('base64'),
    ])
      expect([text, tracesOf(treasure, text)]).toEqual([text, ['it']])
    expect(tracesOf(treasure, token.slice(1))).toEqual([])
  })
})
