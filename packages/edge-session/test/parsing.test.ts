import fc from 'fast-check'
import { CookieJar } from 'tough-cookie'
import { describe, expect, it } from 'vitest'
import { clearedCookie, cookieValues, issuedCookie, serialiseCookie, withCookie } from '../src/lib/cookie.ts'
import { type CookieOptions, resolveCookieOptions } from '../src/lib/cookie-options.ts'
import { isCrossSite } from '../src/lib/cross-site.ts'
import { decodeUserId, encodeUserId } from '../src/lib/identity.ts'
import { pathForms } from '../src/lib/path-forms.ts'
import { decodeRecord, encodeState, encodeTimes } from '../src/lib/record-codec.ts'
import { safeRedirectPath } from '../src/lib/redirect-target.ts'

describe('cookie', () => {
  it('parses any header without throwing, and finds exactly the name', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[\w-]{0,8}$/), fc.string({ unit: 'binary' }))),
        (pairs) => {
          const header = pairs.map(([name, value]) => `${name}=${value.replaceAll(';', '')}`).join(';')
          expect(cookieValues(header, 'session')).toHaveLength(
            pairs.filter(([name]) => name === 'session').length,
          )
          const without = withCookie(header, { name: 'session', value: null })
          expect(cookieValues(without, 'session')).toEqual([])
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it.each<CookieOptions>([
    {},
    { domain: 'app.test' },
    { path: '/area' },
    { sameSite: 'none' },
    { sameSite: 'strict' },
  ])('set with %j is kept, and cleared again, by a jar that enforces prefixes', async (options) => {
    const config = resolveCookieOptions(options)
    const jar = new CookieJar(undefined, { prefixSecurity: 'strict', rejectPublicSuffixes: false })
    const url = `https://www.app.test${config.path}`
    const set = serialiseCookie(issuedCookie(config, { value: 'abc', remember: true, lifetime: 86_400_000 }))
    await jar.setCookie(set, url)
    expect(await jar.getCookieString(url)).toBe(`${config.name}=abc`)
    await jar.setCookie(serialiseCookie(clearedCookie(config)), url)
    expect(await jar.getCookieString(url)).toBe('')
  })

  it('has a whole Max-Age of at most 400 days, or none when not remembered', () => {
    const config = resolveCookieOptions({})
    const maxAge = (lifetime: number) => issuedCookie(config, { value: 't', remember: true, lifetime }).maxAge
    expect([1_999, -5, 500 * 86_400_000].map(maxAge)).toEqual([1, 0, 34_560_000])
    expect(issuedCookie(config, { value: 't', remember: false, lifetime: 5_000 }).maxAge).toBeUndefined()
  })
})

describe('user id header', () => {
  it('round-trips every well-formed string as printable ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (userId) => {
        const header = encodeUserId(userId)
        expect(header).toMatch(/^[\x21-\x7e]+$/)
        expect(decodeUserId(header)).toBe(userId)
      }),
    )
  })

  it('takes nothing malformed', () => {
    expect([null, '', '%zz', '%ff'].map(decodeUserId)).toEqual([null, null, null, null])
  })
})

describe('record codec', () => {
  it('round-trips any JSON data exactly', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.option(fc.string()), (object, role) => {
        const data = JSON.parse(JSON.stringify(object))
        const record = {
          userId: 'u',
          id: 'i',
          version: 3,
          role,
          data,
          userAgent: null,
          ip: null,
          createdAt: 1,
          authenticatedAt: 2,
          lastSeenAt: 3,
          absoluteEnd: 4,
          idle: 5,
        }
        expect(
          decodeRecord({ userId: 'u', id: 'i' }, { state: encodeState(record), times: encodeTimes(record) }),
        ).toEqual(record)
      }),
    )
  })

  it('answers every text, and tells a later format from garbage', () => {
    const ref = { userId: 'u', id: 'i' }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (state, times) => {
        expect(['corrupt', 'newer']).toContain(decodeRecord(ref, { state, times }))
      }),
    )
    expect(decodeRecord(ref, { state: '2|whatever', times: null })).toBe('newer')
    expect(decodeRecord(ref, { state: '1|1|{"r":null,"d":[],"a":null,"i":null}', times: '1 2 3 4 5' })).toBe(
      'corrupt',
    )
  })
})

describe('pathForms', () => {
  it('answers every path without throwing', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (path) => void pathForms(`/${path}`)))
  })

  it('gives the decoded path for every way to encode one character', () => {
    for (const path of ['/dashboard', '/files/private/x', '/acme/settings']) {
      for (let at = 1; at < path.length; at += 1) {
        const code = path.charCodeAt(at).toString(16)
        const encoded = `${path.slice(0, at)}%${code}${path.slice(at + 1)}`
        const forms = pathForms(encoded)
        if (path[at] === '/') expect(forms).toBeNull()
        else expect(forms).toContain(path)
        if (path[at] !== '/') expect(pathForms(encoded.replace('%', '%25'))).toContain(path)
      }
    }
  })
})

describe('safeRedirectPath', () => {
  it.each([
    '//evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    '/\t/evil.test',
    '/%09/evil.test',
    '/%0a/evil.test',
    '/%5cevil.test',
    '/%2fevil.test',
    'https://evil.test',
    'https:evil.test',
    'javascript:alert(1)',
    'data:text/html,x',
    '',
    ' /a',
    '/a b',
    '/\u2028',
    '/\r\nx',
    'a',
    '?a',
    '#a',
    '///evil',
    '/\u0000',
    '/日本',
    null,
    undefined,
    5,
    {},
    ['/a'],
    '/'.padEnd(3_000, 'a'),
    '/a\\b',
    '\t//evil.test',
    '/\n/evil.test',
    '/.//evil.test',
    '/..//evil.test/%2f',
    '/x/..//evil.test',
    '/%2e//evil.test',
    '/x/%2E%2e//evil.test',
    '/.///evil.test',
  ])('refuses %j', (value) => {
    expect(safeRedirectPath(value, '/home')).toBe('/home')
  })

  it.each([
    '/',
    '/a',
    '/a/b?c=d#e',
    '/a?next=https://x.test',
    '/%E6%97%A5',
    '/a//b',
    '/a/./b',
    '/@evil',
    '/a:b',
  ])('accepts %j', (value) => {
    expect(safeRedirectPath(value, '/home')).toBe(value)
  })

  it('never leaves the site, whatever the string, and though somebody cuts the origin off', () => {
    const piece = fc.constantFrom('/', '//', '.', '..', '%2e', '\\', 'a', 'evil.test', '?', '#', '%2f')
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    const base = 'https://app.test'
    fc.assert(
      fc.property(text, (end) => {
        for (const value of [end, `/${end}`, `//${end}`, `/\\${end}`]) {
          const { href, origin } = new URL(safeRedirectPath(value, '/home'), base)
          expect(origin).toBe(base)
          expect(new URL(href.slice(base.length), base).origin).toBe(base)
        }
      }),
      { numRuns: 4_000 },
    )
  })
})

describe('isCrossSite', () => {
  const cases: [Record<string, string>, string | null, boolean][] = [
    [{ 'sec-fetch-site': 'same-origin' }, null, false],
    [{ 'sec-fetch-site': 'none' }, null, false],
    [{ 'sec-fetch-site': 'same-site' }, null, true],
    [{ 'sec-fetch-site': 'cross-site' }, null, true],
    [{ 'sec-fetch-site': 'nonsense' }, null, true],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://app.test', host: 'app.test' }, null, true],
    [{ origin: 'https://app.test', host: 'app.test' }, null, false],
    [{ origin: 'https://evil.test', host: 'app.test' }, null, true],
    [{ origin: 'https://evil.test', host: 'app.test', 'x-forwarded-host': 'evil.test' }, null, true],
    [{ origin: 'null', host: 'app.test' }, null, true],
    [{ origin: 'https://app.test:444', host: 'app.test' }, null, true],
    [{ origin: 'https://app.test', host: 'internal:3000' }, 'https://app.test', false],
    [{ origin: 'http://app.test', host: 'app.test' }, 'https://app.test', true],
    [{ origin: 'null' }, 'https://app.test', true],
    [{}, null, false],
    [{ host: 'app.test' }, 'https://app.test', false],
  ]
  it.each(cases)('%j with origin %j: %j', (headers, origin, expected) => {
    expect(isCrossSite(new Headers(headers), origin)).toBe(expected)
  })
})
