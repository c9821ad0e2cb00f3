import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { extent, sample } from '../support/extent.ts'
import { spellingsOf } from '../support/path-spellings.ts'
import { PRERENDERED, PROXIED, RESEMBLING, UNMATCHED } from '../support/proxied-pages.ts'
import { forAllOverRaw, type RawRequest } from '../support/raw-http.ts'
import { report } from '../support/report.ts'
import { directoryOf, GUARDED } from '../support/variants.ts'

/** Guarded by the proxy alone: of the others, the pages themselves would hide that it let somebody through. */
const BY_PROXY: readonly string[] = [...PROXIED, PRERENDERED]
const PATHS = [
  ...BY_PROXY,
  '/dashboard',
  '/dashboard/sessions',
  '/admin',
  '/sensitive',
  '/confirm',
  '/cached',
  '/files/private',
  '/files/private/a',
  '/acme/settings',
  '/favicon.ico/settings',
  '/_next/settings',
  '/api/me',
  '/api/sessions',
]

const BROWSER = {}
const CLIENTS: readonly Readonly<Record<string, string>>[] = [
  { rsc: '1', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/_tree' },
  { 'x-nextjs-data': '1', 'x-middleware-prefetch': '1' },
]

/** What only somebody signed in may read. */
const SECRET = /secret:\w|<h1>C(?:ached|onfirm)|This device|"userId"|"current":/

/** By browsers. */
const SPELLINGS = { short: 12, usual: 1 }
/** By whatever else asks. */
const OTHERS = { short: 24, usual: 3 }

describe.each(GUARDED)('odd paths on $name', (variant) => {
  const bench = useBench(variant)
  const tried = new Set<string>()
  let requests = 0
  let byProxy = 0

  afterAll(() => report('raw paths', { variant: variant.name, paths: tried.size, requests, byProxy }))

  function spellings(path: string): readonly string[] {
    return spellingsOf(path, readFileSync(`${directoryOf(variant)}/.next/BUILD_ID`, 'utf8'))
  }

  async function ask(asked: readonly RawRequest[], secret: RegExp) {
    const shown: string[] = []
    const failed: string[] = []
    await forAllOverRaw(asked, {
      port: bench.servers[0]?.port ?? 0,
      atOnce: 8,
      work: async (request, connection) => {
        const { status, text } = await connection.send(request)
        const name = `${JSON.stringify(request)} ${status}`
        if (secret.test(text)) shown.push(name)
        // Next.js' image optimizer answers 500 to whatever redirects.
        if ((status >= 500 || status === 0) && !request.target.startsWith('/_next/image?')) failed.push(name)
      },
    })
    requests += asked.length
    return { shown, failed }
  }

  it.each(PATHS)(
    'no spelling of %s shows anything to an anonymous visitor, and none breaks the server',
    async (path) => {
      const targets = spellings(path)
      const byBrowser = sample(targets, SPELLINGS)
      for (const target of byBrowser) tried.add(target)
      const asked = [
        ...byBrowser.map((target) => ({ target, headers: BROWSER })),
        ...CLIENTS.flatMap((headers, nth) =>
          sample(targets, OTHERS, nth).map((target) => ({ target, headers })),
        ),
      ]
      if (BY_PROXY.includes(path)) byProxy += asked.length
      expect(await ask(asked, SECRET)).toEqual({ shown: [], failed: [] })
    },
    120_000,
  )

  it('those are more than 5,000 paths, or some hundreds of them', () => {
    expect(tried.size).toBeGreaterThanOrEqual(extent === 'short' ? 400 : 5_000)
  })

  it.each(['/files/private/a', '/acme/proxied', '/vault/a/b'])(
    'some of these spellings of %s do reach the page for its user',
    async (path) => {
      const cookie = (await bench.user('alice')).cookie()
      const asked = sample(spellings(path), { short: 6, usual: 3 }).map((target) => ({
        target,
        headers: { cookie },
      }))
      const { shown } = await ask(asked, SECRET)
      expect(shown.length).toBeGreaterThan(extent === 'short' ? 5 : 20)
    },
    60_000,
  )

  it('each of those that only the proxy guards shows itself to its user', async () => {
    const headers = { cookie: (await bench.user('alice')).cookie() }
    const { shown } = await ask(
      BY_PROXY.map((target) => ({ target, headers })),
      SECRET,
    )
    expect(shown.length).toBe(BY_PROXY.length)
  })

  it('an address that only resembles those of Next.js’ own requests is guarded as what it is', async () => {
    const buildId = readFileSync(`${directoryOf(variant)}/.next/BUILD_ID`, 'utf8')
    const targets = [...RESEMBLING, `/_next/data/${buildId}/%5fnext/data/x/y.json.json`]
    const asked = targets.flatMap((target) =>
      [BROWSER, ...CLIENTS].map((headers) => ({ target, headers: headers as Record<string, string> })),
    )
    byProxy += asked.length
    expect(await ask(asked, SECRET)).toEqual({ shown: [], failed: [] })
    const headers = { cookie: (await bench.user('alice')).cookie() }
    const { shown } = await ask(
      targets.map((target) => ({ target, headers })),
      SECRET,
    )
    expect(shown.length).toBeGreaterThanOrEqual(6)
  }, 60_000)

  it('where no proxy runs, the same look finds what such a page shows an anonymous visitor', async () => {
    const { shown } = await ask([{ target: UNMATCHED, headers: BROWSER }], SECRET)
    expect(shown.length).toBe(1)
  })

  it('no spelling of /admin shows it to a member', async () => {
    const cookie = (await bench.user('bob')).cookie()
    const asked = sample(spellings('/admin'), SPELLINGS).map((target) => ({ target, headers: { cookie } }))
    expect(await ask(asked, /secret:admin/)).toEqual({ shown: [], failed: [] })
  }, 60_000)

  it('no spelling of its address lets a member revoke another’s sessions', async () => {
    const [alice, cookie] = [await bench.user('alice'), (await bench.user('bob')).cookie()]
    const headers = { cookie, origin: `http://localhost:${bench.servers[0]?.port}`, 'content-length': '0' }
    const asked = sample(spellings('/api/admin/users/alice/revoke'), SPELLINGS).map((target) => ({
      method: 'POST',
      target,
      headers,
    }))
    const { shown, failed } = await ask(asked, /"revoked":/)
    expect({ shown, failed }).toEqual({ shown: [], failed: [] })
    expect((await alice.get('/api/me')).status).toBe(200)
  }, 60_000)
})
