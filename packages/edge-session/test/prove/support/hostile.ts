import fc from 'fast-check'
import { expect } from 'vitest'
import type { Visit } from '../../support/visit.ts'

/** Headers that a response of ours may have. Those of Next.js' own never leave the server. */
const ALLOWED = ['cache-control', 'content-type', 'location', 'retry-after', 'set-cookie', 'www-authenticate']

/** Nobody was recognised, nothing broke, nothing leaked. */
export function expectNobody({ status, response, seen }: Visit): void {
  expect(status).toBeLessThan(500)
  expect(seen?.has('x-user-id') ?? false).toBe(false)
  expect(seen?.has('x-edge-session') ?? false).toBe(false)
  expectAllowedHeaders(response)
}

export function expectAllowedHeaders(response: Response): void {
  const names = [...response.headers.keys()].filter((name) => !/^x-middleware-/.test(name))
  expect(names.filter((name) => !ALLOWED.includes(name) && name !== 'x-action-redirect')).toEqual([])
}

/** Any text that may stand in a header: no line breaks, one byte a character. */
export const headerText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9)),
    {
      maxLength: 60,
    },
  )
  .map((codes) => String.fromCharCode(...codes))

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Every token that differs from `token` in the last character of one segment: where base64url has bits to spare. */
export function* endings(token: string): Generator<string> {
  for (const { index } of token.matchAll(/[\w-](?=\.|$)/g))
    for (const other of ALPHABET)
      if (other !== token[index]) yield token.slice(0, index) + other + token.slice(index + 1)
}

/** Every token that differs from `token` in one character, at one place out of `every`. */
export function* flips(token: string, every = 1): Generator<string> {
  const alphabet = `${ALPHABET}.`
  for (let at = 0; at < token.length; at += every) {
    const other =
      alphabet[(alphabet.indexOf(token[at] ?? '') + 1 + (at % (alphabet.length - 2))) % alphabet.length]
    yield token.slice(0, at) + other + token.slice(at + 1)
  }
}

/** A token that was tampered with in some way. Never one of the `tokens` themselves. */
export function tampered(tokens: readonly string[]): fc.Arbitrary<string> {
  const token = fc.constantFrom(...tokens)
  const character = fc.constantFrom(...'Aa09-_.=+/% ,"\\')
  return fc
    .oneof(
      fc
        .tuple(token, fc.nat(400), character)
        .map(([text, at, c]) => splice(text, { at, remove: 1, insert: c })),
      fc
        .tuple(token, fc.nat(400), character)
        .map(([text, at, c]) => splice(text, { at, remove: 0, insert: c })),
      fc
        .tuple(token, fc.nat(400), fc.nat(8))
        .map(([text, at, n]) => splice(text, { at, remove: n + 1, insert: '' })),
      fc.tuple(token, fc.nat(400)).map(([text, at]) => text.slice(0, at % text.length)),
      fc.tuple(token, token, fc.nat(4)).map(([a, b, n]) => mixed(a, b, n)),
      fc.tuple(token, fc.nat(4)).map(([text, n]) => mixed(text, '....', n)),
      token.map((text) => text.split('.').reverse().join('.')),
      token.map((text) => text.toLowerCase()),
      token.map((text) => `"${text}"`),
      token.map(encodeURIComponent).map((text) => text.replace('.', '%2E')),
      token.map((text) => `${text}=`),
      token.map((text) => `${text}${text}`),
      token.map((text) => btoa(text)),
      fc.stringMatching(/^[\w-]{20,80}\.\.[\w-]{16}\.[\w-]{40,300}\.[\w-]{22}$/),
      fc.stringMatching(/^[\w-]{10,40}\.[\w-]{10,60}\.[\w-]{43}$/),
      headerText.map((text) => text.replaceAll(';', '').trim()),
    )
    .filter((text) => !tokens.includes(text))
}

function splice(
  text: string,
  { at, remove, insert }: { at: number; remove: number; insert: string },
): string {
  const place = at % text.length
  return text.slice(0, place) + insert + text.slice(place + remove)
}

function mixed(a: string, b: string, n: number): string {
  const segments = b.split('.')
  return a
    .split('.')
    .map((segment, at) => (at === n ? (segments[n] ?? '') : segment))
    .join('.')
}
