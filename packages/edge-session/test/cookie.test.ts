import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clearedCookie, cookieValues, issuedCookie, serialiseCookie, withCookie } from '../src/lib/cookie.ts'
import { resolveCookieOptions } from '../src/lib/cookie-options.ts'

const HOST = resolveCookieOptions({})
const WIDE = resolveCookieOptions({ domain: 'app.test', path: '/area', sameSite: 'strict' })

describe('cookieValues', () => {
  it.each<[string | null, string[]]>([
    [null, []],
    ['', []],
    ['session', []],
    ['session=', ['']],
    ['session=a', ['a']],
    ['session=a=b==', ['a=b==']],
    ['a=1; session=x; b=2', ['x']],
    ['session=x;session=y; session=x', ['x', 'y', 'x']],
    [' \tsession \t= \tx y \t', ['x y']],
    ['session=%67ood', ['%67ood']],
    ['session="x"', ['"x"']],
    ['Session=x; SESSION=y; session2=z; xsession=w; sessio=v', []],
    ['\u00a0session=x; session\u00a0=y', []],
    ['session=\u00a0x', ['\u00a0x']],
    ['x; session', []],
    ['=session; =x', []],
    ['ses sion=x', []],
  ])('%j holds %j', (header, values) => {
    expect(cookieValues(header, 'session')).toEqual(values)
  })

  it('come out of a header of any length, be it of blanks alone', () => {
    const blanks = ' \t'.repeat(500_000)
    expect(cookieValues(`session=x; a${blanks}b=1; session${blanks}=${blanks}y`, 'session')).toEqual([
      'x',
      'y',
    ])
  })

  it('are all those of the name and no others, whatever stands around them', () => {
    const name = fc.oneof(
      fc.constantFrom('session', 'Session', 'session2', 'sess', '', 's%65ssion'),
      fc.stringMatching(/^[\w-]{0,8}$/),
    )
    const value = fc.oneof(
      fc.constantFrom('%67ood', 'a%3Db', '100%', '"quoted"', 'a+b'),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll(';', '')),
      fc.stringMatching(/^[\w.%=" -]{0,12}$/),
    )
    const blank = fc.constantFrom('', ' ', '\t', '  ')
    const pair = fc.tuple(blank, name, blank, value, blank)
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        const header = pairs.map(([a, key, b, text, c]) => `${a}${key}${b}=${text}${c}`).join(';')
        const ours = pairs.filter(([, key]) => key === 'session').map(([, , , text]) => text)
        expect(cookieValues(header, 'session')).toEqual(
          ours.map((text) => text.replace(/^[ \t]+|[ \t]+$/g, '')),
        )
        const without = withCookie(header, { name: 'session', value: null })
        expect(cookieValues(without, 'session')).toEqual([])
        const others = (text: string | null) => cookieValues(text, 'sess')
        expect(others(without)).toEqual(others(header))
      }),
      { numRuns: 500 },
    )
  })
})

describe('withCookie', () => {
  it.each<[string | null, string | null, string | null]>([
    [null, null, null],
    ['', null, null],
    ['session=x', null, null],
    ['session=x; session=y', null, null],
    ['a=1; session=x;b="2";  c', null, 'a=1; b="2"; c'],
    ['a=1', 'new', 'a=1; session=new'],
    [null, 'new', 'session=new'],
    ['session=x; a=1; session=y', 'new', 'a=1; session=new'],
  ])('makes of %j with %j: %j', (header, value, expected) => {
    expect(withCookie(header, { name: 'session', value })).toBe(expected)
  })
})

describe('Set-Cookie', () => {
  const issue = (config: typeof HOST, remember: boolean) =>
    serialiseCookie(issuedCookie(config, { value: 'abc', remember, lifetime: 90_500 }))

  it('has every attribute that keeps the token where it belongs', () => {
    expect(issue(HOST, true)).toBe('__Host-session=abc; Path=/; Max-Age=90; Secure; HttpOnly; SameSite=Lax')
    expect(issue(HOST, false)).toBe('__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Lax')
    expect(issue(WIDE, true)).toBe(
      '__Secure-session=abc; Path=/area; Domain=app.test; Max-Age=90; Secure; HttpOnly; SameSite=Strict',
    )
    expect(issue(resolveCookieOptions({ secure: false }), false)).toBe(
      'session=abc; Path=/; HttpOnly; SameSite=Lax',
    )
    expect(issuedCookie(HOST, { value: 'abc', remember: true, lifetime: 1_000 })).toMatchObject({
      httpOnly: true,
      secure: true,
      sameSite: 'lax',
    })
  })

  it('takes the cookie back with the same attributes, and an end in the past', () => {
    expect(serialiseCookie(clearedCookie(HOST))).toBe(
      '__Host-session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
    )
    expect(serialiseCookie(clearedCookie(WIDE))).toBe(
      '__Secure-session=; Path=/area; Domain=app.test; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; SameSite=Strict',
    )
    expect('domain' in clearedCookie(HOST)).toBe(false)
  })
})

describe('cookie options', () => {
  it.each(['/a/b', '/', '/~x!'])('take the path %j', (path) => {
    expect(resolveCookieOptions({ path }).path).toBe(path)
  })

  it.each(['x/', 'https://x/', '/a b', '/a\u007f'])('refuse the path %j', (path) => {
    expect(() => resolveCookieOptions({ path })).toThrow('"cookie.path"')
  })

  it('see a prefix at the beginning of a name only, in any letter case', () => {
    expect(resolveCookieOptions({ name: 'x__Host-y', secure: false, path: '/a' }).name).toBe('x__Host-y')
    expect(resolveCookieOptions({ name: '__Hosts', secure: false }).name).toBe('__Hosts')
    expect(() => resolveCookieOptions({ name: '__hOsT-x', path: '/a' })).toThrow('"cookie.name"')
    expect(() => resolveCookieOptions({ name: '__SECURE-x', secure: false })).toThrow('"cookie.name"')
    expect(resolveCookieOptions({ name: '__Secure-x', path: '/a' }).name).toBe('__Secure-x')
  })
})
