import { NextRequest } from 'next/server.js'
import { describe, expect, it } from 'vitest'
import type { Recognised } from '../src/lib/engine.ts'
import { SessionUnknownError } from '../src/lib/errors.ts'
import type { Verdict } from '../src/lib/guard.ts'
import type { JsonObject } from '../src/lib/record.ts'
import { refuse } from '../src/lib/refusal.ts'

const JSON_TYPE = 'application/problem+json'
const NONE: Recognised<JsonObject> = { outcome: 'none', reason: 'no-cookie' }
const UNKNOWN = { outcome: 'unknown', error: new SessionUnknownError('read') } as Recognised<JsonObject>
const ACTIVE = { outcome: 'active', session: { userId: 'alice' } } as Recognised<JsonObject>

interface Case {
  readonly recognised?: Recognised<JsonObject>
  readonly verdict?: Partial<Verdict<JsonObject>>
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
}

function answerTo({ recognised = NONE, verdict = {}, method = 'GET', path = '/a', headers = {} }: Case) {
  return refuse({
    request: new NextRequest(new URL(path, 'https://app.test'), { method, headers }),
    verdict: {
      isSignIn: false,
      protected: true,
      api: false,
      whenUnknown: 'refuse',
      allow: () => false,
      ...verdict,
    },
    recognised,
    signIn: '/enter',
  })
}

async function told(response: Response | null) {
  const text = (await response?.text()) ?? ''
  return [response?.status, response?.headers.get('content-type'), text] as const
}

describe('what is not protected', () => {
  it.each([NONE, UNKNOWN, ACTIVE])('is never refused: %j', (recognised) => {
    expect(answerTo({ recognised, verdict: { protected: false } })).toBeNull()
  })
})

describe('a visitor without a session', () => {
  it.each([
    ['GET', 307],
    ['HEAD', 307],
    ['POST', 303],
    ['PUT', 303],
    ['DELETE', 303],
  ])('is sent to sign in after a %s with %d, with the way back', (method, status) => {
    const answer = answerTo({ method, path: '/a/b?c=d&e=%2F#f' })
    expect([answer?.status, answer?.headers.get('location')]).toEqual([
      status,
      'https://app.test/enter?next=%2Fa%2Fb%3Fc%3Dd%26e%3D%252F',
    ])
  })

  it('is told so in JSON by an API, or where only JSON is understood', async () => {
    for (const given of [
      { verdict: { api: true } },
      { headers: { accept: 'application/json' } },
      { headers: { accept: 'Application/JSON;q=0.9, */*' } },
      { headers: { accept: 'application/vnd.api+json' } },
      { headers: { accept: 'application/problem+json' } },
      { verdict: { api: true }, headers: { accept: 'text/html' } },
    ]) {
      const [status, type, text] = await told(answerTo(given))
      expect([status, type, JSON.parse(text).code]).toEqual([401, JSON_TYPE, 'ERR_SESSION_NOT_FOUND'])
    }
  })

  it.each([
    undefined,
    '*/*',
    'text/html,application/json',
    'application/json, TEXT/HTML',
    'application/jso',
    'application/+json',
    'application/xhtml+xml',
  ])('is sent to sign in with Accept %j', (accept) => {
    expect(answerTo({ headers: accept === undefined ? {} : { accept } })?.status).toBe(307)
  })

  it('is moved to sign in by the client of a server action', async () => {
    const headers = { 'next-action': 'abc', accept: 'application/json' }
    const answer = answerTo({ method: 'POST', path: '/a?b', headers, verdict: { api: true } })
    expect(answer?.headers.get('x-action-redirect')).toBe('/enter?next=%2Fa%3Fb;replace')
    expect(await told(answer)).toEqual([401, 'text/plain', 'Sign in to continue'])
  })
})

describe('when it is not known whether there is a session', () => {
  it('is refused with the wish to try again, in the form that is understood', async () => {
    const forms: [Case, string, RegExp][] = [
      [
        {},
        'text/html; charset=utf-8',
        /<h1>Your session can not be checked right now<.*still signed in.*Try again</,
      ],
      [{ verdict: { api: true } }, JSON_TYPE, /"ERR_SESSION_UNKNOWN"/],
      [{ headers: { accept: 'application/json' } }, JSON_TYPE, /"ERR_SESSION_UNKNOWN"/],
      [{ headers: { 'next-action': 'abc' } }, 'text/plain', /^Your session can not be checked right now$/],
    ]
    for (const [given, type, text] of forms) {
      const answer = answerTo({ ...given, recognised: UNKNOWN })
      expect(answer?.headers.get('retry-after')).toBe('2')
      expect(await told(answer)).toEqual([503, type, expect.stringMatching(text)])
    }
  })

  it('passes where the rule leaves it to the page', () => {
    expect(answerTo({ recognised: UNKNOWN, verdict: { whenUnknown: 'continue' } })).toBeNull()
  })
})

describe('a visitor whom the rule does not allow', () => {
  it('is told so in the form that is understood', async () => {
    const forms: [Case, string, RegExp][] = [
      [
        {},
        'text/html; charset=utf-8',
        /<title>You may not do this<\/title>.*not for this page\.<\/p>$|not for this page\.$/,
      ],
      [{ verdict: { api: true } }, JSON_TYPE, /"ERR_FORBIDDEN"/],
      [{ headers: { 'next-action': 'abc' } }, 'text/plain', /^You may not do this$/],
    ]
    for (const [given, type, text] of forms) {
      const answer = answerTo({ ...given, recognised: ACTIVE })
      expect(answer?.headers.get('retry-after')).toBeNull()
      expect(await told(answer)).toEqual([403, type, expect.stringMatching(text)])
    }
    const [, , page] = await told(answerTo({ recognised: ACTIVE }))
    expect(page).not.toMatch(/Try again|still signed in/)
  })

  it('is asked of the rule with the session', () => {
    const allow = ({ userId }: { userId: string }) => userId === 'alice'
    expect(answerTo({ recognised: ACTIVE, verdict: { allow } })).toBeNull()
  })
})
