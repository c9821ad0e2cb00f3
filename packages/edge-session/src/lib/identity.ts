import { sharedMemo } from './memo.ts'
import type { SessionRecord } from './record.ts'
import type { Seal } from './seal.ts'
import type { OpenToken } from './token.ts'

/** The user id on the request that the page sees, percent-encoded. Plain text: convenience, never proof. */
export const USER_ID_HEADER = 'x-user-id'
/** The sealed identity on the request that the page sees. */
export const IDENTITY_HEADER = 'x-edge-session'

/** What the proxy found out, for the page of the same request. */
export type Identity =
  | { readonly outcome: 'active'; readonly record: SessionRecord; readonly complete: boolean }
  | { readonly outcome: 'unknown'; readonly isPublic: boolean }

/** Hands a verified lookup from the proxy to the page. */
export interface Identities {
  /** Valid for 60 seconds, and only beside this token. */
  seal(identity: Identity, token: OpenToken): Promise<string>
  /** `null` unless sealed by us, for this token, and fresh. */
  open(header: string, token: OpenToken): Promise<Identity | null>
}

const VALID_FOR = 60_000
/** A sealed identity is handed out again while at least half of its life is left. */
const REUSED_FOR = 30_000
/** Next.js re-sends request headers over HTTP for some server actions; larger ones do not get through. */
const LONGEST_HEADER = 2_000

interface Claims {
  /** Binding to the token. */
  readonly b: string
  /** Expiry, ms. */
  readonly e: number
  /** Name of the session cookie. */
  readonly n: string
  readonly i: Identity
}

export function createIdentities({
  seal,
  now,
  name,
}: {
  seal: Seal
  now: () => number
  /** Of the session cookie. Another instance of the app may have the same secret, and other sessions. */
  name: string
}): Identities {
  // Few, as each is of use for a minute at most: sessions in use at the same time, not all that come in a day.
  const sealedMemo = sharedMemo<{ header: string; sealedAt: number }>({
    name: 'identity-sealed',
    maxSize: 1_000,
  })
  const openedMemo = sharedMemo<string>({ name: 'identity-opened', maxSize: 1_000 })

  async function sealFresh(identity: Identity, { binding }: OpenToken): Promise<string> {
    const claims = (i: Identity): Claims => ({ b: binding, e: now() + VALID_FOR, n: name, i })
    const whole = await seal.seal('identity', claims(identity))
    if (whole.length <= LONGEST_HEADER || identity.outcome !== 'active') return whole
    const record = { ...identity.record, data: {}, userAgent: null }
    return seal.seal('identity', claims({ outcome: 'active', record, complete: false }))
  }

  return {
    async seal(identity, token) {
      if (identity.outcome !== 'active') return sealFresh(identity, token)
      const { version, lastSeenAt } = identity.record
      const key = `${token.binding}.${identity.record.id}.${version}.${lastSeenAt}`
      const known = sealedMemo.get(key)
      const age = now() - (known?.sealedAt ?? 0)
      if (known !== undefined && age >= 0 && age < REUSED_FOR && (await seal.isOurs(known.header)))
        return known.header
      const header = await sealFresh(identity, token)
      sealedMemo.set(key, { header, sealedAt: now() })
      return header
    },

    async open(header, token) {
      let text = openedMemo.get(header)
      if (text === undefined || !(await seal.isOurs(header))) {
        const unsealed = await seal.unseal('identity', header)
        if (unsealed.kind !== 'opened') return null
        // As text: nothing that a page does to its session reaches the next request.
        text = JSON.stringify(unsealed.claims)
        openedMemo.set(header, text)
      }
      // Only the proxy holds the key of this purpose, so the shape is ours.
      const claims: Claims = JSON.parse(text)
      const fresh = now() < claims.e && claims.e - now() <= 2 * VALID_FOR
      return fresh && claims.b === token.binding && claims.n === name ? claims.i : null
    },
  }
}

/** A user id as header text: ASCII, and any well-formed string comes back exactly. */
export function encodeUserId(userId: string): string {
  return encodeURIComponent(userId)
}

/** The user id of an `x-user-id` header; `null` when there is none or it is not one of ours. */
export function decodeUserId(header: string | null): string | null {
  if (header === null || header === '') return null
  try {
    return decodeURIComponent(header)
  } catch {
    return null
  }
}
