import { describe, expect, it } from 'vitest'
import { createIdentities } from '../src/lib/identity.ts'
import type { Memo } from '../src/lib/memo.ts'
import { createSeal } from '../src/lib/seal.ts'
import { createTokens, type OpenToken, randomSid } from '../src/lib/token.ts'
import { newRecord } from './support/records.ts'
import { SECRET } from './support/secrets.ts'

const START = 1_800_000_000_000
const seal = createSeal([SECRET])
const now = () => START

async function openNew(tokens: ReturnType<typeof createTokens>): Promise<OpenToken> {
  const claims = { userId: 'alice', issuedAt: START, absoluteEnd: START * 2, remember: true }
  const token = await tokens.open([await tokens.issue({ sid: randomSid(), ...claims })])
  if (typeof token === 'string') throw new Error(token)
  return token
}

function remembered(name: string): number {
  const memo = (globalThis as Record<symbol, unknown>)[Symbol.for(`edge-session.memo.${name}.1`)]
  return (memo as Memo<unknown> & { readonly size: number }).size
}

/** quick-lru keeps at most twice the number it is told. */
describe('a process remembers the latest ones in use, however many there were:', () => {
  it('2,000 tokens, of 0.9 kB each', async () => {
    const tokens = createTokens({ seal, now })
    for (let i = 0; i < 2_100; i += 1) await openNew(tokens)
    expect(remembered('token')).toBe(2_000)
  })

  it('1,000 identities that it sealed and 1,000 that it opened, of 1 kB each, as all are over in a minute', async () => {
    const identities = createIdentities({ seal, now, name: '__Host-session' })
    const token = await openNew(createTokens({ seal, now }))
    for (let i = 0; i < 1_100; i += 1) {
      const record = newRecord({ lastSeenAt: START + i })
      const header = await identities.seal({ outcome: 'active', record, complete: true }, token)
      await identities.open(header, token)
    }
    expect(remembered('identity-sealed')).toBe(1_000)
    expect(remembered('identity-opened')).toBe(1_000)
  })
})
