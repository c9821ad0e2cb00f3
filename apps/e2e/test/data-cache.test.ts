import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { filesBelow } from '../support/files-below.ts'
import type { Reply } from '../support/http.ts'
import { directoryOf, GUARDED } from '../support/variants.ts'
import type { Visitor } from '../support/visitor.ts'

/** Pages of `fixtures/` in segments that cache every `fetch`. */
const CACHING = ['/revalidated', '/forced', '/unmatched/revalidated', '/unmatched/forced']

/** The proxy's matcher leaves the last two out: there, getSession() itself asks KV. */
function isMatched(path: string): boolean {
  return !path.startsWith('/unmatched/')
}

function shown({ text }: Reply, name: 'user' | 'header' | 'control'): string | undefined {
  return new RegExp(`${name}=([^;]*);`).exec(text)?.[1]
}

describe.each(GUARDED)('Next.js’ data cache on $name', (variant) => {
  const bench = useBench(variant)
  const fetchCache = () =>
    filesBelow(join(directoryOf(variant), '.next/cache/fetch-cache')).map((file) =>
      readFileSync(file, 'utf8'),
    )

  async function setControl(value: string): Promise<void> {
    await bench.kv.command('SET', 'control', value, 'EX', '600')
  }

  async function expectRefused(visitor: Visitor, path: string): Promise<void> {
    const { status, headers, text } = await visitor.get(path)
    expect([status, headers.location]).toEqual([307, `/login?next=${encodeURIComponent(path)}`])
    expect(text).not.toMatch(/user=/)
  }

  it.each(CACHING)('is in force on %s, and keeps no session alive', async (path) => {
    await setControl('first')
    const [alice, bob] = [await bench.user('alice'), await bench.user('bob')]
    const before = shown(await alice.get(path), 'control')
    await setControl('second')
    for (let visit = 0; visit < 3; visit += 1) {
      for (const [visitor, user] of [
        [alice, 'alice'],
        [bob, 'bob'],
      ] as const) {
        let reply: Reply | null = null
        const cost = await bench.count(async () => {
          reply = await visitor.get(path)
        })
        if (reply === null) throw new Error('no reply')
        expect([shown(reply, 'user'), shown(reply, 'control')]).toEqual([user, before])
        expect(cost).toEqual({ commands: 1, requests: 1 })
      }
    }
    await expectRefused(bench.visitor(), path)
    await alice.copy().post('/api/auth/logout')
    await expectRefused(alice.copy(), path)
    await expectRefused(alice, path)
    expect((await bob.get(path)).status).toBe(200)
    await bench.kv.flush()
    await expectRefused(bob, path)
    expect((await (await bench.user('bob')).get(path)).status).toBe(200)
  })

  it('believes no forged identity where the proxy does not run', async () => {
    const alice = await bench.user('alice')
    for (const path of CACHING) {
      const forged = { 'x-user-id': 'root', 'x-edge-session': 'root' }
      const reply = await bench.visitor().get(path, forged)
      expect([reply.status, shown(reply, 'user')]).toEqual([307, undefined])
      const own = await alice.get(path, forged)
      const header = isMatched(path) ? 'alice' : 'root'
      expect([shown(own, 'user'), shown(own, 'header')]).toEqual(['alice', header])
    }
  })

  it('holds what those pages fetched, and nothing of a session', async () => {
    const alice = await bench.user('alice')
    await alice.send('/api/session', { method: 'PATCH', body: '{"note":"data-cache-canary"}' })
    await setControl(`stored-${bench.kv.port}`)
    for (const path of [...CACHING, '/cached']) expect((await alice.get(path)).status).toBe(200)
    const { session } = (await alice.get('/api/session')).json<{ session: { id: string } }>()
    const stored = fetchCache()
    expect(stored.some((text) => text.includes(bench.kv.token))).toBe(true)
    const opened = stored.map((text) => text + Buffer.from(bodyOf(text), 'base64').toString())
    const leaks = opened.filter(
      (text) => /HMGET|EVAL|session:|data-cache-canary/.test(text) || text.includes(session.id),
    )
    expect(leaks).toEqual([])
  })
})

/** Next.js keeps the answer of a `fetch` in base64. */
function bodyOf(entry: string): string {
  return /"body":"([^"]*)"/.exec(entry)?.[1] ?? ''
}
