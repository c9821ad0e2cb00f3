import { describe, expect, it } from 'vitest'
import { createGuard, type ProtectOptions } from '../src/lib/guard.ts'
import { pathForms } from '../src/lib/path-forms.ts'
import type { JsonObject } from '../src/lib/record.ts'
import type { Session } from '../src/lib/session.ts'

const ALICE: Session = {
  id: 'a'.repeat(43),
  userId: 'alice',
  role: 'member',
  data: {},
  createdAt: new Date(0),
  authenticatedAt: new Date(0),
  lastSeenAt: new Date(0),
  expiresAt: new Date(1),
  userAgent: null,
  ip: null,
}

const guard = (options?: ProtectOptions<JsonObject>) => createGuard<JsonObject>(options)
const judge = (options: ProtectOptions<JsonObject>, path: string) => guard(options).judge(path)

describe('pathForms', () => {
  it('comes to an end with a path of any length', () => {
    const path = `/${'.segments/'.repeat(500_000)}`
    expect(pathForms(path)).toEqual([path.slice(0, -1)])
  })

  it.each([
    ['/a/b', ['/a/b']],
    ['/%61/b', ['/a/b']],
    ['/%2561/b', ['/%61/b', '/a/b']],
    ['/100%25', ['/100%']],
    ['/', ['/']],
    ['/index', ['/', '/index']],
    ['/a/index', ['/a/index']],
    ['/a/', ['/a']],
    ['/a//', ['/a']],
    ['///a///b', ['/a/b']],
    ['/a.rsc', ['/a', '/a.rsc']],
    ['/a.RSC', ['/a', '/a.RSC']],
    ['/a.rsc/b', ['/a.rsc/b']],
    ['/index.rsc', ['/', '/index', '/index.rsc']],
    ['/a.segments/_tree.segment.rsc', ['/a', '/a.segments/_tree.segment', '/a.segments/_tree.segment.rsc']],
    ['/a.segments/_tree.segment', ['/a', '/a.segments/_tree.segment']],
    ['/a.segments/_tree', ['/a.segments/_tree']],
    [
      '/a.segments/b/$d$id.segment.rsc',
      ['/a', '/a.segments/b/$d$id.segment', '/a.segments/b/$d$id.segment.rsc'],
    ],
    ['/a.segments/b c\n.segment.rsc', ['/a', '/a.segments/b c\n.segment', '/a.segments/b c\n.segment.rsc']],
    ['/a.segments/b.segment.rsc/c', ['/a.segments/b.segment.rsc/c']],
    ['/a.segments/.segment.rsc', ['/a.segments/.segment', '/a.segments/.segment.rsc']],
    ['/_next/data/build-1/a/b.json', ['/a/b']],
    ['/_next/data/build-1/a%0Ab.json', ['/a\nb']],
    ['/_NEXT/data/build-1/a.JSON', ['/a', '/_NEXT/data/build-1/a.JSON']],
    ['/_next/data/build-1/a.json/', ['/a', '/_next/data/build-1/a.json']],
    ['/a.rsc/', ['/a', '/a.rsc']],
    ['/a.segments/b.segment.rsc/', ['/a', '/a.segments/b.segment', '/a.segments/b.segment.rsc']],
    [
      '/a.segments/b.segments/c.segment.rsc',
      ['/a', '/a.segments/b.segments/c.segment', '/a.segments/b.segments/c.segment.rsc'],
    ],
    ['/a/.rsc', ['/a', '/a/.rsc']],
    ['/_next/data/build-1/index.json', ['/']],
    ['/_next/data/build-1/a.json/b', ['/_next/data/build-1/a.json/b']],
    ['/_next/data/a.json', ['/_next/data/a.json']],
    ['/x/_next/data/build-1/a.json', ['/x/_next/data/build-1/a.json']],
    ['/a.json', ['/a.json']],
    ['/.well-known/x', ['/.well-known/x']],
    ['/...', ['/...']],
    ['/a..b', ['/a..b']],
  ])('%s is %j', (path, forms) => {
    expect(pathForms(path)).toEqual(forms)
  })

  it.each([
    ...['/a%2fb', '/a%2Fb', '/a%5cb', '/a%5Cb', '/a\\b', '/a%00b'],
    ...['/.', '/..', '/./a', '/../a', '/a/.', '/a/..', '/a/./b', '/a/../b', '/a/%2e%2e/b', '/a/%2e/b'],
    ...['..', './a', '%2e%2e/a'],
    ...['/%', '/%zz', '/%c0%af', '/%e6%97'],
  ])('%s means different things to different readers', (path) => {
    expect(pathForms(path)).toBeNull()
  })
})

describe('guard', () => {
  it.each([
    ['/index', { publicRoutes: ['/'] }],
    ['/index', { routes: ['/:slug'] }],
    ['/about.segments/_tree.segment', { publicRoutes: ['/about'] }],
    ['/dashboard.segments/_tree.segment', { routes: ['/dashboard'] }],
    ['/_Next/data/x/y.json', { routes: ['/:tenant/data/:path*'] }],
    ['/%5fnext/data/x/y.json', { routes: ['/:tenant/data/:path*'] }],
    ['/_next/data/x/y.JSON', { routes: ['/:tenant/data/:path*'] }],
    ['/_next/data/b/%5fnext/data/x/y.json.json', { routes: ['/:tenant/data/:path*'] }],
    ['/report.RSC', { routes: ['/:name(report.RSC)'] }],
    ['/open.RSC', { publicRoutes: ['/open'] }],
    ['/open%2ersc', { publicRoutes: ['/open'] }],
    ['/_Next/data/x/open.json', { publicRoutes: ['/open'] }],
    ['/_Next/data/x/index.json', { publicRoutes: ['/'] }],
    ['/dashboard.segments/_tree.segment.rsc', { routes: ['/dashboard'] }],
  ] as const)('protects %s, which may be a page of its own or part of one, with %j', (path, options) => {
    expect(judge(options, path)?.protected).toBe(true)
  })

  it('is not active without rules, and is with either kind, also of none', () => {
    expect(guard(undefined).active).toBe(false)
    expect(guard({}).active).toBe(false)
    expect(guard({ signIn: '/enter' }).active).toBe(false)
    expect(guard({ routes: [] }).active).toBe(true)
    expect(guard({ publicRoutes: [] }).active).toBe(true)
  })

  it('names where to sign in and where to prove it again', () => {
    expect(guard()).toMatchObject({ signIn: '/login', reauthenticate: '/login' })
    expect(guard({ signIn: '/enter' })).toMatchObject({ signIn: '/enter', reauthenticate: '/enter' })
    expect(guard({ reauthenticate: '/again' })).toMatchObject({
      signIn: '/login',
      reauthenticate: '/again',
    })
  })

  it('judges no path that means different things', () => {
    expect(judge({ routes: ['/a'] }, '/a%2fb')).toBeNull()
  })

  it('protects a path if any reading of it is', () => {
    const options: ProtectOptions<JsonObject> = { routes: ['/admin'] }
    for (const path of [
      '/admin',
      '/ADMIN',
      '/admin/',
      '/%61dmin',
      '/%2561dmin',
      '/admin.rsc',
      '/_next/data/b/admin.json',
    ])
      expect([path, judge(options, path)?.protected]).toEqual([path, true])
    for (const path of ['/', '/admins', '/admin/x', '/x/admin', '/%252561dmin'])
      expect([path, judge(options, path)?.protected]).toEqual([path, false])
  })

  it('takes what Next.js asks for as data for its page alone (skipProxyUrlNormalize)', () => {
    const options: ProtectOptions<JsonObject> = { publicRoutes: ['/', '/about'], signIn: '/enter' }
    for (const path of ['/_next/data/b/about.json', '/_next/data/b/index.json', '/_next/data/b/enter.json'])
      expect([path, judge(options, path)?.protected]).toEqual([path, false])
    expect(judge(options, '/_next/data/b/enter.json')?.isSignIn).toBe(true)
    expect(judge(options, '/_next/data/b/account.json')?.protected).toBe(true)
    expect(judge({ routes: ['/:path*'], signIn: '/enter' }, '/_next/data/b/enter.json')?.protected).toBe(
      false,
    )
  })

  it('is public only if every reading is', () => {
    const options: ProtectOptions<JsonObject> = { publicRoutes: ['/files/:name', '/about'] }
    expect(judge(options, '/about')?.protected).toBe(false)
    // Decoded again it is on the list, decoded once it is another page.
    expect(judge({ publicRoutes: ['/files/a'] }, '/files/%2561')?.protected).toBe(true)
    expect(judge(options, '/files/%2561')?.protected).toBe(false)
  })

  it('leaves the sign-in page open in every reading or not at all', () => {
    const options: ProtectOptions<JsonObject> = { routes: ['/:path*'], signIn: '/enter' }
    expect(judge(options, '/enter')?.protected).toBe(false)
    expect(judge(options, '/%2565nter')?.protected).toBe(true)
  })

  it("leaves Next.js' own files open when turned around, and nothing that resembles them", () => {
    const options: ProtectOptions<JsonObject> = { publicRoutes: [], signIn: '/enter' }
    for (const path of ['/_next/static/a.js', '/_next/image', '/enter'])
      expect([path, judge(options, path)?.protected]).toEqual([path, false])
    for (const path of ['/', '/login', '/x/_next/a', '/_nextfoo', '/enter/x', '/_next', '/_next/dashboard'])
      expect([path, judge(options, path)?.protected]).toEqual([path, true])
  })

  it('protects in any letter case, and leaves open in the one given, as Next.js tells pages apart by it', () => {
    for (const path of ['/a', '/A', '/%41'])
      expect([path, judge({ routes: ['/a'] }, path)?.protected]).toEqual([path, true])
    const options: ProtectOptions<JsonObject> = { publicRoutes: ['/about'], signIn: '/enter' }
    for (const path of ['/ABOUT', '/About', '/ENTER', '/_NEXT/static/a'])
      expect([path, judge(options, path)?.protected]).toEqual([path, true])
    expect(judge({ routes: ['/:path*'], signIn: '/enter' }, '/Enter')).toMatchObject({
      isSignIn: false,
      protected: true,
    })
  })

  it('takes a pattern with a slash at its end for the one without, as paths are', () => {
    for (const path of ['/a', '/a/'])
      expect([path, judge({ routes: ['/a/'] }, path)?.protected]).toEqual([path, true])
    expect(judge({ routes: ['/a/:path*/'] }, '/a/b/c')?.protected).toBe(true)
    expect(judge({ routes: ['/'] }, '/')?.protected).toBe(true)
    expect(judge({ publicRoutes: ['/a/'], signIn: '/enter/' }, '/a/')?.protected).toBe(false)
    expect(judge({ routes: ['/:path*'], signIn: '/enter/' }, '/enter/')).toMatchObject({
      isSignIn: true,
      protected: false,
    })
  })

  it('takes patterns as paths are once decoded, and refuses others', () => {
    expect(judge({ routes: ['/café'] }, '/caf%C3%A9')?.protected).toBe(true)
    expect(judge({ routes: ['/100%'] }, '/100%25')?.protected).toBe(true)
    expect(() => guard({ routes: ['/caf%C3%A9'] })).toThrow('does not parse: "/caf%C3%A9"')
    expect(() => guard({ signIn: '/log%20in' })).toThrow('does not parse: "/log%20in"')
  })

  it('takes for an API what the pattern says, in any reading', () => {
    expect(judge({ routes: [] }, '/api/a/b')?.api).toBe(true)
    expect(judge({ routes: [] }, '/api')?.api).toBe(true)
    expect(judge({ routes: [] }, '/%2561pi/a')?.api).toBe(true)
    expect(judge({ routes: [] }, '/apis')?.api).toBe(false)
    expect(judge({ routes: [], api: ['/rpc'] }, '/api/a')?.api).toBe(false)
    expect(judge({ routes: [], api: ['/rpc'] }, '/rpc')?.api).toBe(true)
  })

  it('lets pass whom every matching rule allows', () => {
    const pass = (options: ProtectOptions<JsonObject>, path: string) => judge(options, path)?.allow(ALICE)
    const both: ProtectOptions<JsonObject> = {
      routes: [
        { path: '/a/:path*', allow: ({ userId }) => userId === 'alice' },
        { path: '/a/b', allow: ({ role }) => role === 'admin' },
        '/a/c',
      ],
    }
    expect(pass(both, '/a')).toBe(true)
    expect(pass(both, '/a/b')).toBe(false)
    expect(pass(both, '/a/c')).toBe(true)
    expect(pass(both, '/elsewhere')).toBe(true)
  })

  it('refuses what it can not check unless every matching rule says otherwise', () => {
    const options: ProtectOptions<JsonObject> = {
      routes: [
        { path: '/a/:path*', whenUnknown: 'continue' },
        { path: '/a/b', whenUnknown: 'refuse' },
        '/a/c',
      ],
    }
    expect(judge(options, '/a')?.whenUnknown).toBe('continue')
    expect(judge(options, '/a/b')?.whenUnknown).toBe('refuse')
    expect(judge(options, '/a/c')?.whenUnknown).toBe('refuse')
    expect(judge(options, '/elsewhere')?.whenUnknown).toBe('refuse')
    expect(judge({ publicRoutes: [] }, '/a')?.whenUnknown).toBe('refuse')
  })

  it('has "?" and "#" as characters of a segment, as a decoded path may hold them', () => {
    for (const path of ['/t%3Fx/settings', '/t%23x/settings', '/t.x/settings'])
      expect([path, judge({ routes: ['/:tenant/settings'] }, path)?.protected]).toEqual([path, true])
  })

  it.each(['login', '//evil.test', '/\\evil', '/a?b', '/a#b', '/a b', '/a\\b', ''])(
    'refuses %j as the page to sign in, and to prove it again',
    (path) => {
      expect(() => guard({ signIn: path as '/' })).toThrow('"protect.signIn" must be a path on this site')
      expect(() => guard({ reauthenticate: path as '/' })).toThrow(
        '"protect.reauthenticate" must be a path on this site',
      )
    },
  )

  it.each(['dashboard', '', '/:', '/(', '/a/:b('])('refuses the pattern %j, and quotes it', (pattern) => {
    const quoted = `does not parse: ${JSON.stringify(pattern)}`
    expect(() => guard({ routes: [pattern as '/'] })).toThrow(quoted)
    expect(() => guard({ routes: [{ path: pattern as '/' }] })).toThrow(quoted)
    expect(() => guard({ publicRoutes: [pattern as '/'] })).toThrow(quoted)
    expect(() => guard({ api: [pattern as '/'] })).toThrow(quoted)
  })
})
