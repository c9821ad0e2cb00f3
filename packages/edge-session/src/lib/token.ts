import { randomText, sha256 } from './encoding.ts'
import type { NoneReason } from './lookup.ts'
import { sharedMemo } from './memo.ts'
import type { Seal } from './seal.ts'

/** What a token says. Times are integers in milliseconds since 1970. */
export interface TokenClaims {
  /** 256 random bits, base64url. */
  readonly sid: string
  readonly userId: string
  /** When this sid was made, by sign-in or rotation. */
  readonly issuedAt: number
  /** The end of the session; after it, nothing is asked of KV. */
  readonly absoluteEnd: number
  /** Whether the cookie outlives the browser session. */
  readonly remember: boolean
  /** The id of the first token of a session that was rotated since. Absent: this is the first. */
  readonly family?: string
  /** The visitor has stored this version of the session's data: no cache may show them an older one. Absent: any. */
  readonly version?: number
}

/** A token that is ours and not over. Says nothing about whether the session is alive. */
export interface OpenToken {
  readonly token: string
  readonly claims: TokenClaims
  /** base64url(SHA-256(sid)). */
  readonly id: string
  /** base64url(SHA-256(token)): ties a sealed identity to this very token. */
  readonly binding: string
  /** `false` when it was sealed with an older secret and ought to be sealed again. */
  readonly current: boolean
}

export interface Tokens {
  issue(claims: TokenClaims): Promise<string>
  /** The one valid token among the values presented under our cookie's name, or why there is none. */
  open(presented: readonly string[]): Promise<OpenToken | NoneReason>
}

/** More values under one name than any honest client sends are not worth the cryptography. */
const MOST_CANDIDATES = 4

export function createTokens({ seal, now }: { seal: Seal; now: () => number }): Tokens {
  // Opening the same token again needs no cryptography. Failures are never remembered, and expiry is checked each time.
  const memo = sharedMemo<OpenToken>({ name: 'token', maxSize: 2_000 })

  async function openOne(token: string): Promise<OpenToken | NoneReason> {
    const known = memo.get(token)
    if (known !== undefined && (await seal.isOurs(token))) return unlessOver(known)
    const unsealed = await seal.unseal('token', token)
    if (unsealed.kind !== 'opened') return unsealed.kind
    const claims = parseClaims(unsealed.claims)
    if (claims === null) return 'malformed'
    const [id, binding] = await Promise.all([sha256(claims.sid), sha256(token)])
    const opened = { token, claims, id, binding, current: unsealed.current }
    memo.set(token, opened)
    return unlessOver(opened)
  }

  function unlessOver(opened: OpenToken): OpenToken | NoneReason {
    return now() < opened.claims.absoluteEnd ? opened : 'expired-absolute'
  }

  return {
    issue({ sid, userId, issuedAt, absoluteEnd, remember, family, version }) {
      const m = remember ? 1 : 0
      // What is absent leaves no trace in JSON.
      return seal.seal('token', { s: sid, u: userId, i: issuedAt, e: absoluteEnd, m, f: family, v: version })
    },

    open: (presented) => openOnlyOne(presented, openOne),
  }
}

/** The one value among several of a name that opens. Two that do are nobody's; junk beside one is ignored. */
export async function openOnlyOne<Opened extends object>(
  presented: readonly string[],
  openOne: (value: string) => Promise<Opened | NoneReason>,
): Promise<Opened | NoneReason> {
  const candidates = [...new Set(presented)].filter((value) => value !== '')
  if (candidates.length === 0) return 'no-cookie'
  // One of them may be good: no reason to clear it.
  if (candidates.length > MOST_CANDIDATES) return 'ambiguous'
  const results = await Promise.all(candidates.map(openOne))
  const opened = results.filter((result) => typeof result === 'object')
  if (opened.length > 1) return 'ambiguous'
  return opened[0] ?? worstOf(results.filter((result) => typeof result === 'string'))
}

/** The first id of the session: however often it was rotated, a trail leads from there to where it lives. */
export function familyOf({ claims, id }: OpenToken): string {
  return claims.family ?? id
}

/** 256 bits of the platform's CSPRNG (ASVS 7.2.3). */
export function randomSid(): string {
  return randomText(32)
}

function worstOf(reasons: readonly NoneReason[]): NoneReason {
  // A token that another instance may accept must not be cleared because of junk beside it.
  if (reasons.includes('unknown-key')) return 'unknown-key'
  return reasons.find((reason) => reason.startsWith('expired-')) ?? 'malformed'
}

function parseClaims(claims: unknown): TokenClaims | null {
  if (typeof claims !== 'object' || claims === null) return null
  const { s, u, i, e, m, f = s, v } = claims as Record<string, unknown>
  if (![s, f].every(has256Bits) || typeof u !== 'string' || u === '') return null
  if (![i, e, v ?? 0].every(Number.isSafeInteger)) return null
  return {
    sid: String(s),
    userId: u,
    issuedAt: Number(i),
    absoluteEnd: Number(e),
    remember: m === 1,
    ...(f !== s && { family: String(f) }),
    ...(v !== undefined && { version: Number(v) }),
  }
}

/** As base64url. */
function has256Bits(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{43}$/.test(value)
}
