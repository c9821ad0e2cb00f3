import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { sample } from '../support/extent.ts'
import { HOSTILE_REDIRECTS } from '../support/hostile-redirects.ts'
import { sendRaw } from '../support/raw-http.ts'
import { filledForm, hiddenFields } from '../support/server-actions.ts'
import { GUARDED } from '../support/variants.ts'

/** Where each takes several requests. */
const SOME = sample(HOSTILE_REDIRECTS, { short: 6, usual: 1 })

const SITE = 'https://demo.test'

/** Whether a browser that follows it stays on the site, on a path that says so itself. */
function staysHere(target: string | undefined): boolean {
  return (
    target !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(target) && new URL(target, SITE).origin === SITE
  )
}

describe.each(GUARDED)('after signing in on $name', (variant) => {
  const bench = useBench(variant)

  it('no ?next= leads whoever is signed in to another site', async () => {
    const alice = await bench.user('alice')
    const astray: string[] = []
    for (const next of HOSTILE_REDIRECTS) {
      const { status, headers } = await alice.get(`/login?next=${encodeURIComponent(next)}`)
      if (status !== 307 || !staysHere(headers.location))
        astray.push(`${next}: ${status} ${headers.location}`)
    }
    expect(HOSTILE_REDIRECTS.length).toBeGreaterThanOrEqual(60)
    expect(astray).toEqual([])
  })

  it('neither does one that nobody has encoded', async () => {
    const headers = { cookie: (await bench.user('alice')).cookie() }
    const astray: string[] = []
    for (const next of HOSTILE_REDIRECTS.filter((text) => /^[\x21-\xff]*$/.test(text))) {
      const { status, text } = await sendRaw(bench.servers[0]?.port ?? 0, {
        target: `/login?next=${next}`,
        headers,
      })
      const location = /\r\nlocation: ([^\r]*)/i.exec(text)?.[1]
      // Node.js itself refuses some characters.
      if (status !== 400 && (status !== 307 || !staysHere(location)))
        astray.push(`${next}: ${status} ${location}`)
    }
    expect(astray).toEqual([])
  })

  it('no form of a page carries one along', async () => {
    const [alice, nobody] = [await bench.user('alice'), bench.visitor()]
    const astray: string[] = []
    for (const next of SOME) {
      for (const [visitor, page] of [
        [nobody, '/login'],
        [alice, '/confirm'],
      ] as const) {
        const { text } = await visitor.get(`${page}?next=${encodeURIComponent(next)}`)
        const kept = new Map(hiddenFields(text)).get('next')
        if (!staysHere(kept)) astray.push(`${page} ${next}: ${kept}`)
      }
    }
    expect(astray).toEqual([])
  })

  it('no sent form leads to another site', async () => {
    const page = (await bench.visitor().get('/login')).text
    const astray: string[] = []
    for (const next of SOME) {
      const form = filledForm(page, { user: 'alice', password: 'demo-alice', next })
      const headers = { ...form.headers, origin: bench.origin }
      const reply = await bench.visitor().send('/login', { ...form, headers })
      const targets = [reply.headers.location, reply.headers['x-action-redirect']].filter(
        (to) => to !== undefined,
      )
      if (reply.status !== 303 || targets.length !== 1 || !targets.every(staysHere))
        astray.push(`${next}: ${reply.status} ${targets}`)
    }
    expect(astray).toEqual([])
  })

  it('a path on the site is where it leads', async () => {
    const alice = await bench.user('alice')
    for (const next of ['/public', '/files/open/a?b=%26&c=d', '/acme/settings', '/@evil.test', '/a:b//c']) {
      const { headers } = await alice.get(`/login?next=${encodeURIComponent(next)}`)
      expect(headers.location).toBe(next)
    }
  })
})
