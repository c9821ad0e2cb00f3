import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, KeyObject } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'

type Gcm = Omit<AesGcmParams, 'iv' | 'additionalData'> & Record<'iv' | 'additionalData', Uint8Array>
type Hkdf = Omit<HkdfParams, 'salt' | 'info'> & Record<'salt' | 'info', Uint8Array>

const TAG_LENGTH = 16

/** For all tests of a file or a `describe`. What they draw at random then depends on no other thread either. */
export function computeCryptoPromptly(): void {
  let prompt: ReturnType<typeof promptCrypto> | undefined
  beforeAll(() => {
    prompt = promptCrypto()
  })
  afterAll(() => prompt?.restore())
}

/**
 * Lets Web Crypto compute what it always does, but in this thread: Node hands each call to another one, and where
 * thousands come one after the other a third of the time goes to waiting for it. Only what a session needs.
 */
export function promptCrypto(): { restore(): void } {
  const own = Object.keys(PROMPT) as (keyof typeof PROMPT)[]
  Object.assign(crypto.subtle, PROMPT)
  return {
    restore() {
      for (const name of own) Reflect.deleteProperty(crypto.subtle, name)
    },
  }
}

const PROMPT = {
  async digest(_: 'SHA-256', data: Uint8Array): Promise<Uint8Array> {
    return createHash('sha256').update(data).digest()
  },

  async sign(_: 'HMAC', key: CryptoKey, data: Uint8Array): Promise<Uint8Array> {
    return createHmac('sha256', KeyObject.from(key)).update(data).digest()
  },

  async encrypt({ iv, additionalData }: Gcm, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer> {
    const cipher = createCipheriv('aes-256-gcm', KeyObject.from(key), iv).setAAD(additionalData)
    return joined([cipher.update(data), cipher.final(), cipher.getAuthTag()])
  },

  async decrypt({ iv, additionalData }: Gcm, key: CryptoKey, sealed: Uint8Array): Promise<ArrayBuffer> {
    const decipher = createDecipheriv('aes-256-gcm', KeyObject.from(key), iv).setAAD(additionalData)
    decipher.setAuthTag(sealed.subarray(-TAG_LENGTH))
    return joined([decipher.update(sealed.subarray(0, -TAG_LENGTH)), decipher.final()])
  },

  async deriveBits(hkdf: Hkdf, root: CryptoKey, length: number): Promise<ArrayBuffer> {
    return hkdfSync('sha256', KeyObject.from(root), hkdf.salt, hkdf.info, length / 8)
  },

  async deriveKey(
    hkdf: Hkdf,
    root: CryptoKey,
    algorithm: AesKeyGenParams & HmacKeyGenParams,
    extractable: boolean,
    usages: KeyUsage[],
  ): Promise<CryptoKey> {
    const bits = await PROMPT.deriveBits(hkdf, root, 256)
    return crypto.subtle.importKey('raw', bits, algorithm, extractable, usages)
  },
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  return Uint8Array.from(Buffer.concat(parts)).buffer
}
