import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { spellingsOf } from '../support/path-spellings.ts'
import { forAll, sendRaw } from '../support/raw-http.ts'
import { directoryOf, GUARDED } from '../support/variants.ts'

const PATHS = [
  '/dashboard',
  '/dashboard/sessions',
  '/admin',
  '/sensitive',
  '/cached',
  '/files/private/a',
  '/acme/settings',
  '/api/me',
  '/api/sessions',
]

const CLIENTS: readonly Readonly<Record<string, string>>[] = [
  {},
  { rsc: '1', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/_tree' },
  { 'x-nextjs-data': '1', 'x-middleware-prefetch': '1' },
]

/** What only somebody signed in may read. */
const SECRET = /secret:\w|<h1>Cached|This device|"userId"|"current":/

describe.each(GUARDED)('odd paths on $name', (variant) => {
  const bench = useBench(variant)
  const buildId = () => readFileSync(`${directoryOf(variant)}/.next/BUILD_ID`, 'utf8')

  async function ask(path: string, headers: Readonly<Record<string, string>>) {
    const shown: string[] = []
    const failed: string[] = []
    let reached = 0
    const requests = CLIENTS.flatMap((client) =>
      spellingsOf(path, buildId()).map((target) => ({ target, client })),
    )
    await forAll(requests, {
      atOnce: 4,
      work: async ({ target, client }) => {
        const { status, text } = await sendRaw(bench.servers[0]?.port ?? 0, {
          target,
          headers: { ...client, ...headers },
        })
        const name = `${target} ${Object.keys(client)[0] ?? ''} ${status}`
        if (SECRET.test(text)) {
          reached += 1
          shown.push(name)
        }
        // Next.js' image optimizer answers 500 to whatever redirects.
        if ((status >= 500 || status === 0) && !target.startsWith('/_next/image?')) failed.push(name)
      },
    })
    return { shown, failed, reached, requests: requests.length }
  }

  it.each(PATHS)(
    'no spelling of %s shows anything to an anonymous visitor, and none breaks the server',
    async (path) => {
      const { shown, failed, requests } = await ask(path, {})
      expect(requests).toBeGreaterThan(300)
      expect({ shown, failed }).toEqual({ shown: [], failed: [] })
    },
    60_000,
  )

  it('the same spellings do reach the page for its user', async () => {
    const alice = await bench.user('alice')
    const { reached } = await ask('/files/private/a', { cookie: alice.cookie() })
    expect(reached).toBeGreaterThan(30)
  }, 60_000)
})
