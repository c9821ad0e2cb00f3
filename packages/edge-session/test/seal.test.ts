import { CompactEncrypt } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { createSeal } from '../src/lib/seal.ts'
import { createTokens, randomSid } from '../src/lib/token.ts'
import { OTHER_SECRET, SECRET } from './support/secrets.ts'

const seal = createSeal([SECRET])
const claims = { hello: 'wörld' }

describe('seal', () => {
  it('opens what it sealed, for the same purpose only', async () => {
    const sealed = await seal.seal('token', claims)
    expect(await seal.unseal('token', sealed)).toEqual({ kind: 'opened', claims, current: true })
    for (const purpose of ['identity', 'snapshot', 'stateless'] as const) {
      expect(await seal.unseal(purpose, sealed)).toEqual({ kind: 'malformed' })
    }
  })

  it('opens with every secret, seals with the first, and names a secret it does not have', async () => {
    const sealed = await seal.seal('token', claims)
    expect(await createSeal([OTHER_SECRET, SECRET]).unseal('token', sealed)).toMatchObject({
      kind: 'opened',
      current: false,
    })
    expect(await createSeal([OTHER_SECRET]).unseal('token', sealed)).toEqual({ kind: 'unknown-key' })
  })

  it('refuses a token in which any single character was changed', async () => {
    const sealed = await seal.seal('token', claims)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=%'
    for (let at = 0; at < sealed.length; at += 1) {
      for (const character of [...alphabet].filter((_, n) => n % 7 === at % 7)) {
        if (sealed[at] === character) continue
        const changed = sealed.slice(0, at) + character + sealed.slice(at + 1)
        expect((await seal.unseal('token', changed)).kind).not.toBe('opened')
      }
    }
  })

  it('refuses every truncation and extension', async () => {
    const sealed = await seal.seal('token', claims)
    for (let length = 0; length < sealed.length; length += 1) {
      expect((await seal.unseal('token', sealed.slice(0, length))).kind).not.toBe('opened')
    }
    for (const suffix of ['A', '=', '.', ' ', '\n', '.AAAA']) {
      expect((await seal.unseal('token', sealed + suffix)).kind).toBe('malformed')
    }
  })

  it('decides by one decryption, wherever a forgery differs (X-31)', async () => {
    const sealed = await seal.seal('token', claims)
    const iv = sealed.indexOf('..') + 2
    const tag = sealed.lastIndexOf('.') + 1
    const decrypt = vi.spyOn(crypto.subtle, 'decrypt')
    for (const at of [iv, iv + 15, iv + 17, tag, tag + 20]) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      expect(await seal.unseal('token', changed)).toEqual({ kind: 'malformed' })
    }
    expect(decrypt.mock.calls.map(([algorithm]) => Object(algorithm).name)).toEqual(Array(5).fill('AES-GCM'))
    decrypt.mockRestore()
  })

  it('refuses other headers before any cryptography: alg, enc, zip, crit, another order', async () => {
    const [, ...rest] = (await seal.seal('token', claims)).split('.')
    const kid = JSON.parse(atob((await seal.seal('token', claims)).split('.')[0] ?? '')).kid
    const headers = [
      { alg: 'none', enc: 'A256GCM', kid },
      { alg: 'dir', enc: 'A128GCM', kid },
      { alg: 'dir', enc: 'A256GCM', kid, zip: 'DEF' },
      { alg: 'dir', enc: 'A256GCM', kid, crit: ['exp'] },
      { alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', kid, p2c: 2 ** 31 },
      { enc: 'A256GCM', alg: 'dir', kid },
      { alg: 'dir', enc: 'A256GCM' },
      { alg: 'dir', enc: 'A256GCM', kid, jku: 'https://evil.test' },
    ]
    const decrypt = vi.spyOn(crypto.subtle, 'decrypt')
    for (const header of headers) {
      const encoded = btoa(JSON.stringify(header)).replaceAll('=', '')
      expect(await seal.unseal('token', [encoded, ...rest].join('.'))).toEqual({ kind: 'malformed' })
    }
    expect(decrypt).not.toHaveBeenCalled()
    decrypt.mockRestore()
  })

  it('refuses a token sealed by somebody else under our key id', async () => {
    const kid = JSON.parse(atob((await seal.seal('token', claims)).split('.')[0] ?? '')).kid
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, [
      'encrypt',
      'decrypt',
    ])
    const forged = await new CompactEncrypt(new TextEncoder().encode('{}'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
      .encrypt(key)
    expect(await seal.unseal('token', forged)).toEqual({ kind: 'malformed' })
  })

  it('refuses what is longer than 8 KiB', async () => {
    const long = await seal.seal('token', { text: 'x'.repeat(8_192) })
    expect(await seal.unseal('token', long)).toEqual({ kind: 'malformed' })
  })

  it('derives the same successors on every instance, one for each secret', async () => {
    const sid = randomSid()
    const [first] = await seal.successors(sid)
    expect(await createSeal([OTHER_SECRET, SECRET]).successors(sid)).toEqual([expect.any(String), first])
    expect(first).toMatch(/^[\w-]{43}$/)
    expect(await seal.successors(randomSid())).not.toEqual([first])
  })
})

describe('tokens', () => {
  it('are remembered once opened, but never beyond their end', async () => {
    let now = 1_000
    const tokens = createTokens({ seal, now: () => now })
    const token = await tokens.issue({
      sid: randomSid(),
      userId: 'alice',
      issuedAt: 0,
      absoluteEnd: 2_000,
      remember: true,
    })
    expect(await tokens.open([token])).toMatchObject({ claims: { userId: 'alice' } })
    now = 2_000
    expect(await tokens.open([token])).toBe('expired-absolute')
  })

  it('are not opened from memory by an instance without the secret', async () => {
    const now = () => 1_000
    const token = await createTokens({ seal, now }).issue({
      sid: randomSid(),
      userId: 'alice',
      issuedAt: 0,
      absoluteEnd: 2_000,
      remember: true,
    })
    expect(await createTokens({ seal, now }).open([token])).toMatchObject({ claims: { userId: 'alice' } })
    expect(await createTokens({ seal: createSeal([OTHER_SECRET]), now }).open([token])).toBe('unknown-key')
  })
})
