import { CompactEncrypt, compactDecrypt } from 'jose'
import { toBase64Url, toBytes } from './encoding.ts'

/** What a sealed text is for. Each purpose has its own key, so one is never accepted as another. */
export type SealPurpose = 'token' | 'identity' | 'snapshot' | 'stateless'

/**
 * - `opened`: sealed by us; `current` tells whether with the first secret.
 * - `unknown-key`: well formed, but sealed with a secret we do not have.
 * - `malformed`: anything else.
 */
export type Unsealed =
  | { readonly kind: 'opened'; readonly claims: unknown; readonly current: boolean }
  | { readonly kind: 'unknown-key' }
  | { readonly kind: 'malformed' }

/** Authenticated encryption of small JSON values: JWE compact, `dir` with `A256GCM` (RFC 7516, RFC 7518 §5.3). */
export interface Seal {
  /** Seals with the first secret. */
  seal(purpose: SealPurpose, claims: object): Promise<string>
  /** Opens what any of the secrets sealed. Total: any string gives an answer. Does not look at expiry. */
  unseal(purpose: SealPurpose, sealed: string): Promise<Unsealed>
  /** Whether `sealed` names one of our secrets. Cheap; proves nothing. */
  isOurs(sealed: string): Promise<boolean>
  /** The one sid that may follow `sid`, as each secret derives it. The first is what this instance would choose. */
  successors(sid: string): Promise<readonly string[]>
}

/** Longer texts are refused before anything is parsed. */
const MAX_SEALED_LENGTH = 8_192

const SEGMENT = '(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?'
/** Five segments, the second empty, each in the only spelling that encodes its bytes: a token has no aliases. */
const COMPACT_JWE = new RegExp(`^([\\w-]{8,256})\\.\\.([\\w-]{16})\\.(${SEGMENT})\\.([\\w-]{21}[AQgw])$`)

/** `secrets`: at least one, each of 32 characters or more. The first seals, all unseal. */
export function createSeal(secrets: readonly string[]): Seal {
  let derived: Promise<readonly SecretKeys[]> | undefined
  function keys(): Promise<readonly SecretKeys[]> {
    derived ??= Promise.all(secrets.map(deriveKeys))
    return derived
  }

  async function find(sealed: string): Promise<SecretKeys | undefined> {
    const header = sealed.slice(0, sealed.indexOf('.'))
    return (await keys()).find((candidate) => candidate.header === header)
  }

  return {
    async seal(purpose, claims) {
      const [first] = await keys()
      if (first === undefined) throw new TypeError('createSeal() needs a secret')
      return new CompactEncrypt(toBytes(JSON.stringify(claims)))
        .setProtectedHeader(protectedHeader(first.kid))
        .encrypt(await first.key(purpose))
    },

    async unseal(purpose, sealed) {
      if (sealed.length > MAX_SEALED_LENGTH || !COMPACT_JWE.test(sealed)) return { kind: 'malformed' }
      // Only our own header, byte for byte, gets as far as jose: no other alg, no zip (CVE-2024-28176), no crit.
      const secret = await find(sealed)
      if (secret === undefined) return { kind: looksLikeOurs(sealed) ? 'unknown-key' : 'malformed' }
      const text = await decrypt(sealed, await secret.key(purpose))
      if (text === null) return { kind: 'malformed' }
      return { kind: 'opened', claims: JSON.parse(text), current: secret === (await keys())[0] }
    },

    async isOurs(sealed) {
      return (await find(sealed)) !== undefined
    },

    async successors(sid) {
      const macs = (await keys()).map(async ({ rotation }) =>
        crypto.subtle.sign('HMAC', await rotation(), toBytes(sid)),
      )
      return (await Promise.all(macs)).map((mac) => toBase64Url(new Uint8Array(mac)))
    },
  }
}

interface SecretKeys {
  readonly kid: string
  /** The first segment of everything sealed with this secret. */
  readonly header: string
  /** Derived at first use, then kept. */
  readonly key: (purpose: SealPurpose) => Promise<CryptoKey>
  readonly rotation: () => Promise<CryptoKey>
}

function protectedHeader(kid: string): { alg: 'dir'; enc: 'A256GCM'; kid: string } {
  return { alg: 'dir', enc: 'A256GCM', kid }
}

/** HKDF (RFC 5869) from one secret to a key for each purpose and an id that says nothing about it. */
async function deriveKeys(secret: string): Promise<SecretKeys> {
  const root = await crypto.subtle.importKey('raw', toBytes(secret), 'HKDF', false, [
    'deriveKey',
    'deriveBits',
  ])
  const hkdf = (info: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: toBytes(`edge-session/1/${info}`),
  })
  const kid = toBase64Url(new Uint8Array(await crypto.subtle.deriveBits(hkdf('kid'), root, 48)))
  const derived = new Map<string, Promise<CryptoKey>>()

  function derive(
    info: string,
    algorithm: HmacKeyGenParams | AesKeyGenParams,
    usages: KeyUsage[],
  ): Promise<CryptoKey> {
    const key = derived.get(info) ?? crypto.subtle.deriveKey(hkdf(info), root, algorithm, false, usages)
    derived.set(info, key)
    return key
  }

  return {
    kid,
    header: toBase64Url(toBytes(JSON.stringify(protectedHeader(kid)))),
    key: (purpose) => derive(purpose, { name: 'AES-GCM', length: 256 }, ['encrypt', 'decrypt']),
    rotation: () => derive('rotation', { name: 'HMAC', hash: 'SHA-256', length: 256 }, ['sign']),
  }
}

async function decrypt(sealed: string, key: CryptoKey): Promise<string | null> {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return new TextDecoder().decode(plaintext)
  } catch {
    // The only input is attacker-controlled text: whatever jose objects to, it was not sealed by us.
    return null
  }
}

/** Same header as ours but for the 8 characters of the kid, which take the place of a fixed part of the base64url. */
function looksLikeOurs(sealed: string): boolean {
  const header = sealed.slice(0, sealed.indexOf('.'))
  const sample = toBase64Url(toBytes(JSON.stringify(protectedHeader('--------'))))
  const kidAt = sample.length - 14
  return header.length === sample.length && header.slice(0, kidAt) === sample.slice(0, kidAt)
}
