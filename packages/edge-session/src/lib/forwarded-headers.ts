import { IDENTITY_HEADER, USER_ID_HEADER } from './identity.ts'

const LIST = 'x-middleware-override-headers'
const ITEM = 'x-middleware-request-'
const OURS: readonly string[] = [USER_ID_HEADER, IDENTITY_HEADER, 'cookie']

/**
 * Next.js hands request headers from a proxy to the page inside the response. This puts ours into a response that
 * another proxy made: its own changes stay, ours win.
 */
export function mergeForwardedHeaders(response: Response, ours: Headers): Response {
  const passesOn = response.headers.has('x-middleware-next') || response.headers.has('x-middleware-rewrite')
  if (!passesOn) return response
  const theirs = response.headers.get(LIST)
  const names = new Set(theirs === null ? [] : theirs.split(',').map((name) => name.trim()))
  for (const [name, value] of ours) {
    // With a list of their own, a header that is missing from it was taken out on purpose.
    if (theirs !== null && !OURS.includes(name)) continue
    response.headers.set(ITEM + name, value)
    names.add(name)
  }
  for (const name of OURS) {
    if (ours.has(name)) continue
    names.delete(name)
    response.headers.delete(ITEM + name)
  }
  response.headers.set(LIST, [...names].join(','))
  return response
}
