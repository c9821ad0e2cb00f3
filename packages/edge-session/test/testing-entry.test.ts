import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restTransport } from '../src/lib/transports/rest.ts'
import { signedInCookies } from '../src/testing.ts'
import { SECRET, startInstance, type TestInstance } from './support/instance.ts'
import { visit } from './support/visit.ts'

let app: TestInstance & { stop(): Promise<void> }
beforeAll(async () => {
  app = await startInstance()
})
afterAll(() => app.stop())

describe('signedInCookies', () => {
  const options = () => ({
    secret: SECRET,
    kv: restTransport(app.kv),
    url: 'https://app.test',
    now: () => app.clock.now,
  })

  it('gives a browser a real session', async () => {
    const [cookie] = await signedInCookies(
      { userId: 'alice', role: 'admin', data: { theme: 'dark' } },
      options(),
    )
    expect(cookie).toMatchObject({ name: '__Host-session', secure: true, httpOnly: true, sameSite: 'Lax' })
    const { seen } = await visit(app.proxy, '/', { token: cookie?.value ?? '' })
    expect(seen?.get('x-user-id')).toBe('alice')
  })

  it('is remembered for as long as the session may last, unless told otherwise', async () => {
    const cookies = await signedInCookies({ userId: 'alice' }, options())
    expect(cookies.map(({ expires, url }) => [expires, url])).toEqual([
      [Math.floor(app.clock.now / 1_000) + 30 * 86_400, 'https://app.test/'],
    ])
  })

  it('is secure also where the page is on http, as that of http://localhost has to be', async () => {
    const url = 'http://localhost:3000/shop/'
    const [cookie] = await signedInCookies({ userId: 'alice' }, { ...options(), url })
    expect(cookie).toMatchObject({ url: 'https://localhost:3000/', secure: true })
  })

  it.each([
    ['strict', 'Strict'],
    ['lax', 'Lax'],
    ['none', 'None'],
  ] as const)('is %s as Playwright writes it: %s', async (sameSite, written) => {
    const [cookie] = await signedInCookies({ userId: 'alice' }, { ...options(), cookie: { sameSite } })
    expect(cookie?.sameSite).toBe(written)
  })

  it.each([
    [{}, { url: 'https://app.test/' }],
    [{ secure: false, allowInsecureInProduction: true }, { url: 'http://app.test/' }],
    [{ domain: 'app.test' }, { domain: '.app.test', path: '/' }],
    [{ path: '/shop' }, { domain: 'app.test', path: '/shop' }],
  ])('belongs where the app puts it: %j', async (cookie, place) => {
    const [{ url, domain, path } = {}] = await signedInCookies({ userId: 'alice' }, { ...options(), cookie })
    expect({ url, domain, path }).toEqual({ url: undefined, domain: undefined, path: undefined, ...place })
  })

  it('ends with the browser session when it is not remembered', async () => {
    const [cookie] = await signedInCookies({ userId: 'alice', remember: false }, options())
    expect(cookie?.expires).toBe(-1)
  })
})
