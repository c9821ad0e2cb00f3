import { NextResponse } from 'next/server.js'
import createIntlMiddleware from 'next-intl/middleware'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProxyFunction, type ProxyFunction } from '../src/lib/proxy.ts'
import type { JsonObject } from '../src/lib/record.ts'
import { respondWith, type SessionProxyHandler } from '../src/lib/with-session.ts'
import { startInstance, type TestInstance } from './support/instance.ts'
import { throughNext } from './support/through-next.ts'
import { visit } from './support/visit.ts'

let app: TestInstance & { stop(): Promise<void> }
beforeAll(async () => {
  app = await startInstance({ protect: { routes: ['/:locale(en|de)/account'], signIn: '/en/login' } })
})
afterAll(() => app.stop())

function withSession(handler: SessionProxyHandler<JsonObject>): ProxyFunction {
  return createProxyFunction(app.engine, respondWith(handler))
}

describe('withSession and next-intl', () => {
  const intl = createIntlMiddleware({ locales: ['en', 'de'], defaultLocale: 'en' })
  const run = () => withSession((request) => intl(request))

  it('gives the page both the locale and the session', async () => {
    const token = await app.signIn('alice')
    const { seen, response } = await visit(run(), '/de/home', { token, headers: { 'x-user-id': 'forged' } })
    expect(seen?.get('x-user-id')).toBe('alice')
    expect(seen?.get('x-next-intl-locale')).toBe('de')
    expect(seen?.has('x-edge-session')).toBe(true)
    expect(response.headers.getSetCookie().join()).toContain('NEXT_LOCALE=de')
  })

  it('keeps the redirect of the one and the guard of the other', async () => {
    expect((await visit(run(), '/home')).location).toBe('https://app.test/en/home')
    expect((await visit(run(), '/de/account')).location).toBe(
      'https://app.test/en/login?next=%2Fde%2Faccount',
    )
  })

  it('clears a dead cookie beside the cookies of the other', async () => {
    const { setCookies, seen } = await visit(run(), '/de/home', { token: 'garbage' })
    expect(setCookies.map((cookie) => cookie.split('=')[0]).sort()).toEqual(['NEXT_LOCALE', '__Host-session'])
    expect(seen?.has('cookie')).toBe(false)
  })
})

describe('withSession, called by Next.js itself', () => {
  it('gives the handler the cleaned request, whoever comes', async () => {
    const token = await app.signIn('alice')
    const seen: (string | null)[][] = []
    const proxy = withSession((request) => {
      const names = ['x-user-id', 'cookie', 'accept-language']
      seen.push([request.method, ...names.map((name) => request.headers.get(name))])
      seen.push(request.cookies.getAll().map(({ name }) => name))
      return undefined
    })
    for (const headers of [
      { cookie: `__Host-session=${token}; a=1`, 'accept-language': 'de' },
      { cookie: '__Host-session=junk; a=1' },
      { 'x-user-id': 'root' },
      { cookie: 'a=1' },
    ] as Record<string, string>[]) {
      const { status } = await throughNext(proxy, { url: 'https://app.test/', headers })
      expect(status).toBe(200)
    }
    expect(seen).toEqual([
      ['GET', 'alice', `a=1; __Host-session=${token}`, 'de'],
      ['a', '__Host-session'],
      ['GET', null, 'a=1', null],
      ['a'],
      ['GET', null, null, null],
      [],
      ['GET', null, 'a=1', null],
      ['a'],
    ])
  })

  it('gives the handler method and body, whoever sends them', async () => {
    const proxy = withSession(async (request) => Response.json([request.method, await request.text()]))
    for (const cookie of ['', `__Host-session=${await app.signIn('alice')}`]) {
      const call = { url: 'https://app.test/', method: 'POST', headers: { cookie }, body: 'a=1' }
      expect(await (await throughNext(proxy, call)).json()).toEqual(['POST', 'a=1'])
    }
  })

  it('leaves base path, locale and slash as the app has them', async () => {
    const i18n = { locales: ['en', 'de'], defaultLocale: 'en' }
    const nextConfig = { basePath: '/docs', trailingSlash: true, i18n }
    const url = 'https://app.test/docs/de/home/'
    const proxy = withSession(({ nextUrl, url: whole }) =>
      Response.json([whole, nextUrl.basePath, nextUrl.locale, nextUrl.pathname, nextUrl.clone().href]),
    )
    const tellOf = async (headers: Record<string, string>) =>
      (await throughNext(proxy, { url, headers, nextConfig })).json()
    expect(await tellOf({ 'x-user-id': 'root' })).toEqual([url, '/docs', 'de', '/home/', url])
    expect(await tellOf({})).toEqual([url, '/docs', 'de', '/home/', url])
  })

  it('lets next-intl take an anonymous visitor and alice to their language', async () => {
    const intl = createIntlMiddleware({ locales: ['en', 'de'], defaultLocale: 'en' })
    const proxy = withSession((request) => intl(request))
    for (const cookie of ['', `__Host-session=${await app.signIn('alice')}`]) {
      const headers = { cookie, 'accept-language': 'de' }
      const { status, headers: answer } = await throughNext(proxy, { url: 'https://app.test/home', headers })
      expect([status, answer.get('location')]).toEqual([307, '/de/home'])
    }
  })
})

describe('withSession', () => {
  it('shows the handler the cleaned request and all three outcomes', async () => {
    const token = await app.signIn('alice')
    const outcomes: string[] = []
    const proxy = withSession((request, { lookup }) => {
      outcomes.push(`${lookup.outcome} ${request.headers.get('x-user-id')} ${request.headers.get('cookie')}`)
      return undefined
    })
    await visit(proxy, '/', { token })
    await visit(proxy, '/', { token: 'garbage', headers: { 'x-user-id': 'forged' } })
    await app.kv.pause()
    await visit(proxy, '/', { token })
    await app.kv.resume()
    expect(outcomes).toEqual([
      `active alice __Host-session=${token}`,
      'none null null',
      `unknown null __Host-session=${token}`,
    ])
  })

  it('carries the identity through a plain next(), one with its own headers, and a rewrite', async () => {
    const token = await app.signIn('alice')
    const responses = [
      () => NextResponse.next(),
      () =>
        NextResponse.next({
          request: { headers: new Headers({ 'x-own': '1', cookie: 'a=1', 'x-user-id': 'root' }) },
        }),
      () => NextResponse.rewrite('https://app.test/elsewhere'),
    ]
    for (const make of responses) {
      const { response } = await visit(withSession(make), '/', { token })
      expect(response.headers.get('x-middleware-request-x-user-id')).toBe('alice')
      expect(response.headers.get('x-middleware-override-headers')).toContain('x-edge-session')
    }
    const own = (await visit(withSession(responses[1] ?? NextResponse.next), '/', { token })).seen
    expect(own?.get('x-own')).toBe('1')
    expect(own?.get('cookie')).toBe(`__Host-session=${token}`)
  })

  it('adds nothing to a response of the handler’s own', async () => {
    const token = await app.signIn('alice')
    const proxy = withSession(() => new Response('teapot', { status: 418 }))
    const { status, response } = await visit(proxy, '/', { token })
    expect([status, await response.text(), [...response.headers.keys()]]).toEqual([
      418,
      'teapot',
      ['content-type'],
    ])
  })

  it('strips forged headers also when the handler passes the original on', async () => {
    const proxy = withSession(() => NextResponse.next())
    const { seen } = await visit(proxy, '/', { headers: { 'x-user-id': 'root', 'x-edge-session': 'forged' } })
    expect([seen?.has('x-user-id'), seen?.has('x-edge-session')]).toEqual([false, false])
  })
})
