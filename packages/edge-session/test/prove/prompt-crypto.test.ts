import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../src/lib/encoding.ts'
import { createSeal } from '../../src/lib/seal.ts'
import { SECRET } from '../support/instance.ts'
import { promptCrypto } from './support/prompt-crypto.ts'

let sealed: string
let successors: readonly string[]
let hash: string
beforeEach(async () => {
  const seal = createSeal([SECRET])
  sealed = await seal.seal('token', { s: 'josé 日本' })
  successors = await seal.successors('sid')
  hash = await sha256('josé 日本')
})

describe('the cryptography of the model', () => {
  let prompt: ReturnType<typeof promptCrypto> | null = null
  afterEach(() => prompt?.restore())

  it('opens what Web Crypto sealed, derives the same keys, and refuses what was changed', async () => {
    prompt = promptCrypto()
    const seal = createSeal([SECRET])
    expect(await seal.unseal('token', sealed)).toEqual({
      kind: 'opened',
      claims: { s: 'josé 日本' },
      current: true,
    })
    expect(await seal.unseal('identity', sealed)).toEqual({ kind: 'malformed' })
    const changed = sealed.slice(0, -30) + (sealed.at(-30) === 'A' ? 'B' : 'A') + sealed.slice(-29)
    expect(await seal.unseal('token', changed)).toEqual({ kind: 'malformed' })
    expect(await seal.successors('sid')).toEqual(successors)
    expect(await sha256('josé 日本')).toBe(hash)
  })

  it('seals what Web Crypto opens, and leaves Web Crypto as it was', async () => {
    prompt = promptCrypto()
    const own = Object.keys(crypto.subtle)
    const made = await createSeal([SECRET]).seal('token', { s: 'bob' })
    prompt.restore()
    expect(own).not.toEqual([])
    expect(Object.keys(crypto.subtle)).toEqual([])
    expect(await createSeal([SECRET]).unseal('token', made)).toMatchObject({ claims: { s: 'bob' } })
  })
})
