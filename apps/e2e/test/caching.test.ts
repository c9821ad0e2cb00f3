import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { isPrivate } from '../support/every-reply.ts'
import { actionCall, actionIds, actionWithForm, filledForm } from '../support/server-actions.ts'
import { directoryOf, GUARDED } from '../support/variants.ts'
import type { Visitor } from '../support/visitor.ts'

const PROTECTED = [
  '/dashboard',
  '/dashboard/sessions',
  '/admin',
  '/sensitive',
  '/files/private/a',
  '/acme/settings',
  '/cached',
  '/nowhere/settings',
  '/api/me',
  '/api/sessions',
  '/api/session',
  '/api/whoami',
]
const FORMS: readonly Readonly<Record<string, string>>[] = [
  {},
  { rsc: '1' },
  { rsc: '1', 'next-router-prefetch': '1' },
  { accept: 'application/json' },
  { 'x-nextjs-data': '1' },
  { 'if-none-match': '*', 'if-modified-since': new Date().toUTCString() },
]

describe.each(GUARDED)('caches on $name', (variant) => {
  const bench = useBench(variant)
  const fetchCache = join(directoryOf(variant), '.next/cache/fetch-cache')

  async function expectNeverStored(visitor: Visitor, path: string): Promise<void> {
    for (const headers of FORMS) {
      const reply = await visitor.send(path, { headers, mayFail: true })
      // Next.js' own, to make the address of a client-side navigation differ from the page's.
      if (reply.headers.location?.startsWith(`${path}?_rsc`)) continue
      const shown = `${path} ${JSON.stringify(headers)} ${reply.status}: ${reply.headers['cache-control']}`
      expect(isPrivate(reply.headers['cache-control'] ?? ''), shown).toBe(true)
    }
  }

  it.each(PROTECTED)('get no answer of %s to keep, whoever asks', async (path) => {
    const dead = await bench.user('alice')
    await dead.copy().post('/api/auth/logout')
    for (const visitor of [bench.visitor(), await bench.user('alice'), await bench.user('bob'), dead.copy()])
      await expectNeverStored(visitor, path)
    const unsure = await bench.user('alice')
    bench.kv.faults.add({ action: { type: 'refuse' } })
    const reply = await unsure.get(path)
    expect(isPrivate(reply.headers['cache-control'] ?? '')).toBe(true)
  })

  it.each(['/', '/public', '/static', '/login', '/files/open/a', '/nowhere'])(
    'get no answer of %s to keep when it clears a cookie',
    async (path) => {
      for (const headers of FORMS) {
        const dead = await bench.user('alice')
        await dead.copy().post('/api/auth/logout')
        const reply = await dead.send(path, { headers, mayFail: true })
        expect(reply.setCookies).toHaveLength(1)
        expect(isPrivate(reply.headers['cache-control'] ?? '')).toBe(true)
      }
    },
  )

  it('get no answer to a sign-in that leads to a prerendered page', async () => {
    const page = (await bench.visitor().get('/login?next=/static')).text
    const form = filledForm(page, { user: 'alice', password: 'demo-alice' })
    const reply = await bench
      .visitor()
      .send('/login', { ...form, headers: { ...form.headers, origin: bench.origin } })
    expect([reply.status, reply.headers.location, reply.setCookies.length]).toEqual([303, '/static', 1])
    expect(reply.headers['cache-control']).toMatch(/no-store/)
  })

  it('get none either when a script signs in or out, and Next.js sends the page along', async () => {
    const replies = []
    const alice = await bench.user('alice')
    const values = { user: 'alice', password: 'demo-alice', next: '/static' }
    for (const id of actionIds(variant)) {
      for (const [visitor, call] of [
        [bench.visitor(), actionWithForm(id, values)],
        [alice.copy(), actionCall(id)],
      ] as const) {
        const headers = { ...call.headers, origin: bench.origin }
        replies.push(await visitor.send('/login', { ...call, headers }))
      }
    }
    const changed = replies.filter(({ setCookies }) => setCookies.length > 0)
    expect(changed.some(({ headers }) => headers['x-action-redirect']?.startsWith('/static'))).toBe(true)
    for (const { headers } of changed) expect(headers['cache-control']).toMatch(/no-store/)
  })

  it('/static stays cacheable for those who have no cookie', async () => {
    const reply = await bench.visitor().get('/static')
    expect(reply.headers['cache-control']).toMatch(/s-maxage/)
  })

  it('a revoked session is refused by the page whose segment caches every fetch', async () => {
    const [alice, bob] = [await bench.user('alice'), await bench.user('bob')]
    for (let visit = 0; visit < 3; visit += 1) {
      expect((await alice.get('/cached')).text).toMatch(/you are .*alice/is)
      expect((await bob.get('/cached')).text).toMatch(/you are .*bob/is)
    }
    await alice.copy().post('/api/sessions/revoke-all')
    const reply = await alice.get('/cached')
    expect([reply.status, reply.headers.location]).toEqual([307, '/login?next=%2Fcached'])
    expect((await bob.get('/cached')).status).toBe(200)
    const again = await bench.user('alice')
    expect((await again.get('/cached')).status).toBe(200)
    await bench.kv.flush()
    expect((await again.get('/cached')).status).toBe(307)
  })

  it('no session is written to disk', async () => {
    const alice = await bench.user('alice')
    await alice.send('/api/session', { method: 'PATCH', body: '{"canary":"on-disk-canary"}' })
    for (const path of PROTECTED) await alice.get(path)
    const { session } = (await alice.get('/api/session')).json<{ session: { id: string } }>()
    const records = filesBelow(fetchCache).map((file) => withDecoded(readFileSync(file, 'utf8')))
    expect(records.filter((text) => /session|alice|HMGET|EVAL/.test(text))).toEqual([])
    for (const file of filesBelow(join(directoryOf(variant), '.next'))) {
      if (/\/(?:static|node_modules|trace)/.test(file) || statSync(file).size > 2_000_000) continue
      const text = withDecoded(readFileSync(file, 'latin1'))
      expect([file, text.includes('on-disk-canary'), text.includes(session.id)]).toEqual([file, false, false])
    }
  })
})

/** Next.js keeps the answers of a `fetch` in base64. */
function withDecoded(text: string): string {
  const encoded = text.match(/[A-Za-z0-9+/]{20,}={0,2}/g) ?? []
  return [text, ...encoded.map((part) => Buffer.from(part, 'base64').toString('latin1'))].join('\n')
}

function filesBelow(directory: string): readonly string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : []
  })
}
