import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { isPrivate } from '../support/every-reply.ts'
import { sample } from '../support/extent.ts'
import { TRICKS } from '../support/hostile-headers.ts'
import type { Reply } from '../support/http.ts'
import { PRERENDERED, PROXIED } from '../support/proxied-pages.ts'
import { actionIds } from '../support/server-actions.ts'
import { GUARDED } from '../support/variants.ts'

const GUARDED_PAGES = [
  '/dashboard',
  '/admin',
  '/files/private/a',
  '/acme/settings',
  '/cached',
  PROXIED[0],
  PRERENDERED,
]
const OPEN = [
  '/',
  '/_next/static/x',
  '/public',
  '/static',
  '/login',
  '/files/open/a',
  '/nowhere',
  '/api/session',
  '/api/whoami',
]

const SOME = sample(TRICKS, { short: 8, usual: 1 })

/** What the tricks are made of. */
const REFLECTED = /FORGED|evil\.test/

/** Next.js 15 itself fails to render what a browser never asks: a prefetch of a whole page. */
function failsByItself(headers: Readonly<Record<string, string>>): boolean {
  return 'next-router-prefetch' in headers && !('rsc' in headers)
}

function said({ status, headers, setCookies }: Reply): string {
  return `${status} ${JSON.stringify(headers)} ${setCookies}`
}

describe.each(GUARDED)('headers that lie, on $name,', (variant) => {
  const bench = useBench(variant)

  it('open no page, and change nothing about the way to sign in', async () => {
    const moved: string[] = []
    for (const headers of SOME) {
      for (const path of GUARDED_PAGES) {
        const reply = await bench.visitor().send(path, { headers, mayFail: true })
        const shown = `${JSON.stringify(headers)} ${path}: ${said(reply)}`
        const { location } = reply.headers
        // Next.js' own, to make the address of a client-side navigation differ from the page's.
        if (location?.startsWith(`${path}?_rsc`)) continue
        const signIn = `/login?next=${encodeURIComponent(path)}`
        const asked = 'next-action' in headers ? reply.status === 401 : location === signIn
        if (!asked || !isPrivate(reply.headers['cache-control'] ?? '')) moved.push(shown)
        if (REFLECTED.test(said(reply)) || REFLECTED.test(reply.text)) moved.push(shown)
      }
    }
    expect(TRICKS.length).toBeGreaterThan(150)
    expect(moved).toEqual([])
  }, 120_000)

  it.each(OPEN)(
    'come back in no answer of %s, and break none',
    async (path) => {
      const wrong: string[] = []
      for (const headers of SOME) {
        const reply = await bench.visitor().send(path, { headers, mayFail: true })
        const broke = reply.status >= 500 && !failsByItself(headers)
        if (broke || REFLECTED.test(said(reply)) || REFLECTED.test(reply.text))
          wrong.push(`${JSON.stringify(headers)}: ${said(reply)}`)
      }
      expect(wrong).toEqual([])
    },
    60_000,
  )

  it('lead whoever is signed in nowhere else', async () => {
    const alice = await bench.user('alice')
    for (const { cookie: _, ...headers } of SOME) {
      const reply = await alice.send('/login?next=%2Fpublic', { headers, mayFail: true })
      expect([headers, REFLECTED.test(said(reply)), reply.setCookies]).toEqual([headers, false, []])
      if (reply.status === 307 && !reply.headers.location?.startsWith('/login?next=%2Fpublic&_rsc'))
        expect([headers, reply.headers.location]).toEqual([headers, '/public'])
    }
    expect((await alice.get('/api/me')).status).toBe(200)
  }, 120_000)

  it('run no server action without a session', async () => {
    const [id = ''] = actionIds(variant)
    for (const trick of SOME) {
      const headers = { ...trick, 'next-action': id, 'content-type': 'text/plain;charset=UTF-8' }
      const reply = await bench
        .visitor()
        .send('/dashboard', { method: 'POST', headers, body: '[]', mayFail: true })
      expect([trick, reply.status]).toEqual([trick, 401])
      expect(reply.headers['x-action-redirect']).toBe('/login?next=%2Fdashboard;replace')
      expect([trick, REFLECTED.test(said(reply) + reply.text)]).toEqual([trick, false])
    }
  }, 120_000)
})
