import { notFound, permanentRedirect, redirect } from 'next/navigation.js'
import { describe, expect, it } from 'vitest'
import { answerThrown } from '../src/lib/thrown-answer.ts'

const page = new Request('https://app.test/')

function thrownBy(act: () => never): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}

function throwDigest(digest: string): never {
  throw withDigest(digest)
}

function withDigest(digest: unknown): Error {
  return Object.assign(new Error('canary'), { digest })
}

describe('what is thrown', () => {
  it.each([
    [() => redirect('/a;b?c=1;'), 307, '/a;b?c=1;'],
    [() => redirect('https://idp.test/'), 307, 'https://idp.test/'],
    [() => permanentRedirect('/a'), 308, '/a'],
    [() => notFound(), 404, null],
    [() => throwDigest('NEXT_HTTP_ERROR_FALLBACK;403'), 403, null],
    [() => throwDigest('NEXT_HTTP_ERROR_FALLBACK;401'), 401, null],
  ])('by Next.js’ own functions is an answer: %s', (act, status, location) => {
    const answer = answerThrown(thrownBy(act), page)
    expect([answer?.status, answer?.headers.get('location')]).toEqual([status, location])
  })

  it.each([
    [undefined],
    [null],
    ['NEXT_REDIRECT;push;/a;307;'],
    [7],
    [() => {}],
    [Object.assign(() => {}, { digest: 'NEXT_REDIRECT;push;/a;307;' })],
    [new Error('canary')],
    [withDigest(undefined)],
    [withDigest('')],
    [withDigest('NEXT_HTTP_ERROR_FALLBACK;402')],
    [withDigest('NEXT_HTTP_ERROR_FALLBACK;4040')],
    [withDigest('A NEXT_HTTP_ERROR_FALLBACK;404')],
    [withDigest('A NEXT_REDIRECT;push;/a;307;')],
    [withDigest('NEXT_REDIRECT;push;/a;307;B')],
    [withDigest('NEXT_REDIRECT;push;/a;307')],
    [withDigest('NEXT_REDIRECT;push;;307;')],
    [withDigest('NEXT_REDIRECT;;/a;307;')],
    [withDigest('NEXT_REDIRECT;push;/a;302;')],
  ])('otherwise is none of them: %s', (error) => {
    expect(answerThrown(error, page)).toBeNull()
  })
})

describe('a redirect', () => {
  const answerTo = (method: string, headers: Record<string, string>) =>
    answerThrown(withDigest('NEXT_REDIRECT;push;/a;307;'), new Request(page, { method, headers }))?.status

  it('is followed with GET where a form or a server action was posted', () => {
    expect(answerTo('POST', { 'content-type': 'application/x-www-form-urlencoded' })).toBe(303)
    expect(answerTo('POST', { 'content-type': 'multipart/form-data; boundary=x' })).toBe(303)
    expect(answerTo('POST', { 'next-action': 'id' })).toBe(303)
  })

  it('keeps the method of anything else', () => {
    expect(answerTo('POST', {})).toBe(307)
    expect(answerTo('POST', { 'content-type': 'application/json' })).toBe(307)
    expect(answerTo('POST', { 'content-type': 'x-multipart/form-data' })).toBe(307)
    expect(answerTo('PUT', { 'content-type': 'multipart/form-data; boundary=x' })).toBe(307)
    expect(answerTo('GET', { 'next-action': 'id' })).toBe(307)
  })
})
