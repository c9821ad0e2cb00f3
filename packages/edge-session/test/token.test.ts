import { describe, expect, it, vi } from 'vitest'
import { createSeal, type Seal, type SealPurpose } from '../src/lib/seal.ts'
import { createSnapshots } from '../src/lib/snapshots.ts'
import { createStatelessEngine } from '../src/lib/stateless-engine.ts'
import { createTokens, randomSid, type TokenClaims } from '../src/lib/token.ts'
import { newRecord } from './support/records.ts'
import { OTHER_SECRET, SECRET } from './support/secrets.ts'

const seal = createSeal([SECRET])
const now = () => 1_000
const tokens = createTokens({ seal, now })

function claimsOf(claims: Partial<TokenClaims> = {}): TokenClaims {
  return { sid: randomSid(), userId: 'alice', issuedAt: 0, absoluteEnd: 2_000, remember: true, ...claims }
}
const issue = (claims: Partial<TokenClaims> = {}) => tokens.issue(claimsOf(claims))

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Buffer.from(bytes).toString('base64url')
}

describe('an id', () => {
  it("is 32 bytes of the platform's generator, asked for once, and nothing else (ASVS 7.2.3)", () => {
    const generator = vi
      .spyOn(crypto, 'getRandomValues')
      .mockImplementation((bytes) => (bytes as Uint8Array).fill(7) as never)
    const sid = randomSid()
    const asked = generator.mock.calls.map(([bytes]) => bytes?.byteLength)
    generator.mockRestore()
    expect([sid, asked]).toEqual([Buffer.alloc(32, 7).toString('base64url'), [32]])
  })
})

describe('a token', () => {
  it.each([true, false])('gives back what it was issued with, remembered or not: %s', async (remember) => {
    const claims = claimsOf({ remember, issuedAt: 17 })
    const token = await tokens.issue(claims)
    expect(await tokens.open([token])).toEqual({
      token,
      claims,
      id: await digest(claims.sid),
      binding: await digest(token),
      current: true,
    })
  })

  it('carries the version its visitor has stored, or none', async () => {
    const of = async (version?: number) => {
      const opened = await tokens.open([await issue(version === undefined ? {} : { version })])
      return typeof opened === 'string' ? opened : opened.claims
    }
    expect(await of(0)).toMatchObject({ version: 0 })
    expect(await of(7)).toMatchObject({ version: 7 })
    expect('version' in Object(await of())).toBe(false)
  })

  it('says whether the first secret sealed it', async () => {
    const token = await issue()
    const next = createTokens({ seal: createSeal([OTHER_SECRET, SECRET]), now })
    const old = createTokens({ seal: createSeal([OTHER_SECRET, SECRET]), now: () => 1_001 })
    const fresh = await issue()
    expect(await next.open([fresh])).toMatchObject({ current: false })
    expect(await old.open([await next.issue(claimsOf())])).toMatchObject({ current: true })
    expect(await tokens.open([token])).toMatchObject({ current: true })
  })

  it('is opened once by cryptography, and then from memory', async () => {
    const unseal = vi.fn<Seal['unseal']>((...given) => seal.unseal(...given))
    const watched = createTokens({ seal: { ...seal, unseal }, now })
    const token = await issue()
    const first = await watched.open([token])
    expect(await watched.open([token])).toBe(first)
    expect(unseal).toHaveBeenCalledTimes(1)
    expect(unseal).toHaveBeenCalledWith('token', token)
  })

  it('is malformed, each time, when it was sealed for something else', async () => {
    const claims = { s: randomSid(), u: 'alice', i: 0, e: 2_000, m: 1 }
    for (const purpose of ['identity', 'snapshot', 'stateless'] as const) {
      const sealed = await seal.seal(purpose, claims)
      expect(await tokens.open([sealed])).toBe('malformed')
      expect(await tokens.open([sealed])).toBe('malformed')
    }
    expect(await tokens.open([await seal.seal('token', claims)])).toMatchObject({
      claims: { userId: 'alice' },
    })
  })

  const good = { s: 'A'.repeat(43), u: 'alice', i: 0, e: 2_000, m: 1 }
  it.each<[string, object]>([
    ['null', [null]],
    ['a list', []],
    ['nothing', {}],
    ['no sid', { ...good, s: undefined }],
    ['a sid that is no text', { ...good, s: 1 }],
    // As a text it would pass.
    ['a sid in a list', { ...good, s: ['A'.repeat(43)] }],
    ['a short sid', { ...good, s: 'A'.repeat(42) }],
    ['a long sid', { ...good, s: 'A'.repeat(44) }],
    ['a sid of other characters', { ...good, s: `${'A'.repeat(42)}+` }],
    ['no user', { ...good, u: undefined }],
    ['a user that is no text', { ...good, u: 7 }],
    ['an empty user', { ...good, u: '' }],
    ['no beginning', { ...good, i: undefined }],
    ['a beginning that is no number', { ...good, i: '0' }],
    ['no end', { ...good, e: undefined }],
    ['an end that is no number', { ...good, e: '9000' }],
    ['an end that is no whole number', { ...good, e: 9_000.5 }],
    ['an end beyond numbers', { ...good, e: 2 ** 53 }],
    ['no family', { ...good, f: null }],
    ['a family that is no text', { ...good, f: ['A'.repeat(43)] }],
    ['a short family', { ...good, f: 'A'.repeat(42) }],
    ['a version that is no number', { ...good, v: '1' }],
  ])('is malformed with %s', async (_, claims) => {
    expect(await tokens.open([await seal.seal('token', claims)])).toBe('malformed')
  })

  it('is malformed when its claims are null or text', async () => {
    for (const claims of [null, 'text', 7])
      expect(await tokens.open([await seal.seal('token', claims as unknown as object)])).toBe('malformed')
  })

  it('is remembered by its browser only if it says so with a 1', async () => {
    for (const [m, remember] of [
      [1, true],
      [0, false],
      ['1', false],
      [true, false],
    ])
      expect(await tokens.open([await seal.seal('token', { ...good, m })])).toMatchObject({
        claims: { remember },
      })
  })

  it('is over at its end, exactly', async () => {
    expect(await tokens.open([await issue({ absoluteEnd: 1_000 })])).toBe('expired-absolute')
    expect(await tokens.open([await issue({ absoluteEnd: 1_001 })])).toMatchObject({ current: true })
  })
})

describe('what a visitor carries', () => {
  const claims = claimsOf({
    userId: 'alice@example.com',
    issuedAt: 1_700_000_000_123,
    version: 123_456_789,
    family: 'F'.repeat(43),
  })
  const record = newRecord({
    userId: 'alice@example.com',
    role: 'administrator',
    data: { plan: 'canary-plan' },
    userAgent: 'Canary/1.0',
    ip: '203.0.113.77',
  })
  const inRecord = ['alice@example.com', 'administrator', 'canary-plan', 'Canary/1.0', '203.0.113.77']
  const stateless = createStatelessEngine({ mode: 'stateless', secret: SECRET, now })
  const snapshots = createSnapshots({ seal })
  const opened = async () => {
    const token = await tokens.open([await issue()])
    if (typeof token === 'string') throw new Error(token)
    return token
  }
  const carried: {
    name: string
    purpose: SealPurpose
    says: string[]
    make: () => Promise<string | null>
  }[] = [
    {
      name: 'a token',
      purpose: 'token',
      says: ['alice@example.com', claims.sid, '1700000000123', '123456789'],
      make: () => tokens.issue(claims),
    },
    {
      name: 'a session without a store',
      purpose: 'stateless',
      says: inRecord,
      make: async () => (await stateless.writer().rotate({ token: await opened(), record }))?.token ?? null,
    },
    {
      name: 'a snapshot',
      purpose: 'snapshot',
      says: [...inRecord, record.id],
      make: () => snapshots.seal({ text: JSON.stringify(record), readAt: 0, cursor: '1-1 a b' }, record.id),
    },
  ]

  it.each(carried)(
    'shows nothing of what is sealed in $name (NIST COOK-08)',
    async ({ make, purpose, says }) => {
      const sealed = (await make()) ?? ''
      const [header = '', ...segments] = sealed.split('.').map((text) => Buffer.from(text, 'base64url'))
      expect(JSON.parse(String(header))).toEqual({ alg: 'dir', enc: 'A256GCM', kid: expect.any(String) })
      const unsealed = await seal.unseal(purpose, sealed)
      const inside = Buffer.from(unsealed.kind === 'opened' ? JSON.stringify(unsealed.claims) : '')
      expect(says.filter((text) => !inside.includes(text))).toEqual([])
      // Eight bytes in a row of it are nowhere, encoded or not. By chance they are in one run of billions.
      const shown = Buffer.concat([Buffer.from(sealed), header as Buffer, ...segments])
      const parts = Array.from({ length: inside.length - 7 }, (_, at) => inside.subarray(at, at + 8))
      expect(parts.filter((part) => shown.includes(part)).map(String)).toEqual([])
    },
  )

  it.each(carried)('differs each time, though it says the same: $name', async ({ make }) => {
    const made = await Promise.all(Array.from({ length: 20 }, make))
    const segments = made.map((sealed) => String(sealed).split('.'))
    const different = [0, 1, 2, 3, 4].map((at) => new Set(segments.map((parts) => parts[at])).size)
    // Header, nothing, and then the initialisation vector, what is sealed, and its authentication.
    expect(different).toEqual([1, 1, 20, 20, 20])
  })
})

describe('several values under one name', () => {
  it('are no cookie when there are none, or empty ones', async () => {
    expect(await tokens.open([])).toBe('no-cookie')
    expect(await tokens.open([''])).toBe('no-cookie')
    expect(await tokens.open(['', ''])).toBe('no-cookie')
  })

  it('are the one that opens, in any place, also repeated, also beside empty ones', async () => {
    const token = await issue()
    for (const presented of [
      [token, 'junk'],
      ['junk', token],
      ['', token],
      [token, token],
      ['a', 'b', 'c', token],
    ])
      expect(await tokens.open(presented)).toMatchObject({ token })
    expect(await tokens.open(['', 'a', 'b', 'c', token, token, ''])).toMatchObject({ token })
  })

  it('are nobody when two of them open', async () => {
    expect(await tokens.open([await issue(), await issue()])).toBe('ambiguous')
  })

  it('are not looked at when there are more than four', async () => {
    const token = await issue()
    const unseal = vi.fn<Seal['unseal']>(async () => ({ kind: 'malformed' }))
    const watched = createTokens({ seal: { ...seal, unseal }, now })
    // And so nothing is known of them that would justify clearing the cookie.
    expect(await watched.open(['a', 'b', 'c', 'd', token])).toBe('ambiguous')
    expect(unseal).not.toHaveBeenCalled()
    await watched.open(['a', 'b', 'c', 'd'])
    expect(unseal).toHaveBeenCalledTimes(4)
  })

  it('are none for the reason that clears least', async () => {
    const other = createTokens({ seal: createSeal([OTHER_SECRET]), now })
    const foreign = await other.issue(claimsOf())
    const over = await issue({ absoluteEnd: 1_000 })
    expect(await tokens.open(['junk', over, foreign])).toBe('unknown-key')
    expect(await tokens.open(['junk', over])).toBe('expired-absolute')
    expect(await tokens.open([over, 'junk'])).toBe('expired-absolute')
    expect(await tokens.open(['junk', 'more'])).toBe('malformed')
  })
})
