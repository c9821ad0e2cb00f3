import { describe, expect, it } from 'vitest'
import { mergeForwardedHeaders } from '../src/lib/forwarded-headers.ts'
import { createIdentities } from '../src/lib/identity.ts'
import { createSeal } from '../src/lib/seal.ts'
import { createTokens, type OpenToken, randomSid } from '../src/lib/token.ts'
import { newRecord } from './support/records.ts'
import { OTHER_SECRET, SECRET } from './support/secrets.ts'

const MINUTE = 60_000
const START = 1_800_000_000_000
const seal = createSeal([SECRET])

function node(given: { seal?: typeof seal; name?: string } = {}) {
  const clock = { now: START }
  return {
    clock,
    ...createIdentities({ seal: given.seal ?? seal, now: () => clock.now, name: given.name ?? 'a' }),
  }
}

async function newToken(): Promise<OpenToken> {
  const tokens = createTokens({ seal, now: () => START })
  const claims = { userId: 'alice', issuedAt: START, absoluteEnd: START * 2, remember: true }
  const token = await tokens.open([await tokens.issue({ sid: randomSid(), ...claims })])
  if (typeof token === 'string') throw new Error(token)
  return token
}

const active = (given: Parameters<typeof newRecord>[0] = {}) =>
  ({ outcome: 'active', record: newRecord(given), complete: true }) as const

describe('an identity', () => {
  it('comes back whole, again and again for a minute, and then no more', async () => {
    const { clock, ...identities } = node()
    const token = await newToken()
    const identity = active({ data: { a: 1 } })
    const header = await identities.seal(identity, token)
    for (const passed of [0, 1, MINUTE - 1]) {
      clock.now = START + passed
      expect(await identities.open(header, token)).toEqual(identity)
    }
    clock.now = START + MINUTE
    expect(await identities.open(header, token)).toBeNull()
  })

  it('is not believed by a clock that is a minute and more behind', async () => {
    const { clock, ...identities } = node()
    const token = await newToken()
    const header = await identities.seal(active(), token)
    clock.now = START - MINUTE
    expect(await identities.open(header, token)).not.toBeNull()
    clock.now = START - MINUTE - 1
    expect(await identities.open(header, token)).toBeNull()
  })

  it('is of its own token only', async () => {
    const identities = node()
    const [token, other] = [await newToken(), await newToken()]
    const header = await identities.seal(active(), token)
    expect(await identities.open(header, other)).toBeNull()
    expect(await identities.open(header, token)).not.toBeNull()
    expect(await identities.open(header, other)).toBeNull()
  })

  it('is of the instance with the same cookie only', async () => {
    const token = await newToken()
    const header = await node().seal(active(), token)
    expect(await node({ name: 'b' }).open(header, token)).toBeNull()
    expect(await node().open(header, token)).not.toBeNull()
    expect(await node({ name: 'b' }).open(header, token)).toBeNull()
  })

  it('is opened by nobody without the secret, also from memory', async () => {
    const token = await newToken()
    const header = await node().seal(active(), token)
    expect(await node().open(header, token)).not.toBeNull()
    expect(await node({ seal: createSeal([OTHER_SECRET]) }).open(header, token)).toBeNull()
    expect(await node().open(token.token, token)).toBeNull()
    expect(await node().open('', token)).toBeNull()
  })

  it('is handed out again while half of its life is left', async () => {
    const { clock, ...identities } = node()
    const token = await newToken()
    const identity = active()
    const sealAt = (passed: number) => {
      clock.now = START + passed
      return identities.seal(identity, token)
    }
    const first = await sealAt(0)
    expect(await sealAt(0)).toBe(first)
    expect(await sealAt(MINUTE / 2 - 1)).toBe(first)
    const second = await sealAt(MINUTE / 2)
    expect(second).not.toBe(first)
    expect(await sealAt(MINUTE / 2 + 1)).toBe(second)
    // Sealed in what is now the future.
    expect(await sealAt(MINUTE / 2 - 1)).not.toBe(second)
  })

  it('is sealed anew for another secret, token, id, version or activity', async () => {
    const { seal: sealIdentity } = node()
    const token = await newToken()
    const identity = active()
    const { record } = identity
    const first = await sealIdentity(identity, token)
    for (const change of [{ id: newRecord().id }, { version: record.version + 1 }, { lastSeenAt: START + 1 }])
      expect(await sealIdentity({ ...identity, record: { ...record, ...change } }, token)).not.toBe(first)
    expect(await sealIdentity(identity, await newToken())).not.toBe(first)
    expect(await node({ seal: createSeal([OTHER_SECRET]) }).seal(identity, token)).not.toBe(first)
  })

  it('leaves data to the page where it would not get through, and says so', async () => {
    const identities = node()
    const token = await newToken()
    const large = active({ data: { text: 'x'.repeat(2_000) }, userAgent: 'UA' })
    const header = await identities.seal(large, token)
    expect(header.length).toBeLessThanOrEqual(2_000)
    expect(await identities.open(header, token)).toEqual({
      outcome: 'active',
      record: { ...large.record, data: {}, userAgent: null },
      complete: false,
    })
  })

  it('that is unknown says whether the path is public, and is not kept', async () => {
    const identities = node()
    const token = await newToken()
    for (const isPublic of [true, false]) {
      const header = await identities.seal({ outcome: 'unknown', isPublic }, token)
      expect(await identities.open(header, token)).toEqual({ outcome: 'unknown', isPublic })
      expect(await identities.seal({ outcome: 'unknown', isPublic }, token)).not.toBe(header)
    }
  })
})

describe('mergeForwardedHeaders', () => {
  const LIST = 'x-middleware-override-headers'
  const ours = () =>
    new Headers({ 'x-user-id': 'alice', 'x-edge-session': 'sealed', cookie: 'a=1', via: 'us' })
  const merged = (headers: Record<string, string>, given = ours()) =>
    mergeForwardedHeaders(new Response(null, { headers }), given).headers
  const listed = (headers: Headers) => headers.get(LIST)?.split(',').sort()

  it('puts all of ours into a response that passes on', () => {
    for (const passing of ['x-middleware-next', 'x-middleware-rewrite']) {
      const headers = merged({ [passing]: '1' })
      expect(listed(headers)).toEqual(['cookie', 'via', 'x-edge-session', 'x-user-id'])
      expect(headers.get('x-middleware-request-x-user-id')).toBe('alice')
      expect(headers.get('x-middleware-request-via')).toBe('us')
      expect(headers.get('x-middleware-request-cookie')).toBe('a=1')
    }
  })

  it('leaves a response of its own alone', () => {
    expect([...merged({ location: '/elsewhere' })]).toEqual([['location', '/elsewhere']])
  })

  it('keeps what another one changed and took out, and wins where it is about the session', () => {
    const headers = merged({
      'x-middleware-next': '1',
      [LIST]: 'accept, x-user-id ,x-own',
      'x-middleware-request-accept': 'changed',
      'x-middleware-request-x-user-id': 'forged',
      'x-middleware-request-x-own': 'theirs',
    })
    expect(listed(headers)).toEqual(['accept', 'cookie', 'x-edge-session', 'x-own', 'x-user-id'])
    expect(headers.get('x-middleware-request-accept')).toBe('changed')
    expect(headers.get('x-middleware-request-x-user-id')).toBe('alice')
    expect(headers.get('x-middleware-request-via')).toBeNull()
  })

  it('takes out what would name somebody where nobody is known', () => {
    const headers = merged(
      {
        'x-middleware-next': '1',
        [LIST]: 'x-user-id,x-edge-session,cookie,accept',
        'x-middleware-request-x-user-id': 'forged',
        'x-middleware-request-x-edge-session': 'forged',
        'x-middleware-request-cookie': '__Host-session=dead',
        'x-middleware-request-accept': '*/*',
      },
      new Headers({ accept: '*/*' }),
    )
    expect(listed(headers)).toEqual(['accept'])
    expect([...headers.keys()].filter((name) => /user-id|edge-session|cookie/.test(name))).toEqual([])
  })
})
