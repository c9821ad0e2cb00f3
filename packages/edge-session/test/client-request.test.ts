import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { request } from '../src/lib/client-request.ts'

const NOW = new Date('2026-11-21T12:00:00Z')

let sent: Request[]
let answer: () => Response

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] })
  sent = []
  answer = () => Response.json({ session: null })
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    sent.push(new Request(new URL(path, 'https://app.test'), init))
    return answer()
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a question of the page to our endpoints', () => {
  it('is never answered by a cache, and says whether the visitor asked', async () => {
    await request('/api/session')
    await request('/api/session', { passive: true })
    await request('/api/sessions/revoke-others', { method: 'POST' })
    const asked = sent.map(({ method, url, cache, headers }) => [
      method,
      new URL(url).pathname,
      cache,
      headers.get('x-edge-session-passive'),
    ])
    expect(asked).toEqual([
      ['GET', '/api/session', 'no-store', null],
      ['GET', '/api/session', 'no-store', '1'],
      ['POST', '/api/sessions/revoke-others', 'no-store', null],
    ])
  })

  it.each<[string, () => Response, object]>([
    ['an answer', () => Response.json({ a: 1 }), { code: null, body: { a: 1 }, clockAhead: 0 }],
    [
      'an answer with nothing in it',
      () => new Response(null, { status: 204 }),
      { code: null, body: {}, clockAhead: 0 },
    ],
    [
      'a clock ahead of ours',
      () => Response.json({}, { headers: { date: 'Sat, 21 Nov 2026 12:00:07 GMT' } }),
      { code: null, body: {}, clockAhead: 7_000 },
    ],
    [
      'a clock that can not be read',
      () => Response.json({}, { headers: { date: 'noon' } }),
      { code: null, body: {}, clockAhead: 0 },
    ],
    [
      'a refusal of ours',
      () => Response.json({ code: 'ERR_SESSION_UNKNOWN' }, { status: 503 }),
      { code: 'ERR_SESSION_UNKNOWN' },
    ],
    [
      "somebody else's refusal",
      () => Response.json({ error: 'no' }, { status: 403 }),
      { code: 'ERR_NO_ANSWER' },
    ],
    ["somebody else's page", () => new Response('<h1>Sign in</h1>'), { code: 'ERR_NO_ANSWER' }],
  ])('is told what came: %s', async (_, response, told) => {
    answer = response
    expect(await request('/api/session')).toEqual(told)
  })
})
