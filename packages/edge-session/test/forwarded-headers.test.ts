import { NextResponse } from 'next/server.js'
import { describe, expect, it } from 'vitest'
import { mergeForwardedHeaders } from '../src/lib/forwarded-headers.ts'

/** What a page would see: the listed headers, and whatever else is in the response for it. */
function forwarded(response: Response): Record<string, string | null> {
  const names = response.headers.get('x-middleware-override-headers')?.split(',') ?? []
  const rest = [...response.headers.keys()]
    .filter((name) => name.startsWith('x-middleware-request-'))
    .map((name) => name.slice('x-middleware-request-'.length))
  return Object.fromEntries(
    [...new Set([...names, ...rest])].map((name) => [
      name,
      names.includes(name) ? response.headers.get(`x-middleware-request-${name}`) : null,
    ]),
  )
}

function nextWith(headers: Record<string, string>): Response {
  return NextResponse.next({ request: { headers: new Headers(headers) } })
}

const ours = { accept: 'text/html', cookie: 'a=1', 'x-user-id': 'alice', 'x-edge-session': 'sealed' }

describe('headers that another proxy passes on', () => {
  it('are all of the request where it changes none of them', () => {
    for (const response of [NextResponse.next(), NextResponse.rewrite('https://app.test/elsewhere')])
      expect(forwarded(mergeForwardedHeaders(response, new Headers(ours)))).toEqual(ours)
  })

  it('are its own where it has a list: one that it took out stays out, and ours win', () => {
    const theirs = { 'x-own': '1', cookie: 'forged=1', 'x-user-id': 'root' }
    expect(forwarded(mergeForwardedHeaders(nextWith(theirs), new Headers(ours)))).toEqual({
      'x-own': '1',
      cookie: 'a=1',
      'x-user-id': 'alice',
      'x-edge-session': 'sealed',
    })
  })

  it('are without what the visitor has not: no cookie, no name, no identity', () => {
    const theirs = { 'x-own': '1', cookie: 'dead=1', 'x-user-id': 'root', 'x-edge-session': 'forged' }
    const merged = mergeForwardedHeaders(nextWith(theirs), new Headers({ accept: 'text/html' }))
    expect(forwarded(merged)).toEqual({ 'x-own': '1' })
  })

  it('may be written with spaces in the list', () => {
    const response = nextWith({ 'x-own': '1' })
    response.headers.set('x-middleware-override-headers', 'x-own , x-user-id')
    const merged = mergeForwardedHeaders(response, new Headers({}))
    expect(merged.headers.get('x-middleware-override-headers')).toBe('x-own')
  })

  it('are none in an answer of its own', () => {
    const response = new Response('teapot', { status: 418 })
    expect([...mergeForwardedHeaders(response, new Headers(ours)).headers.keys()]).toEqual(['content-type'])
  })
})
