import { ConfigurationError } from './errors.ts'
import type { SessionTimes } from './record.ts'

/** As long as browsers keep a cookie (RFC 6265bis, section 5.5). */
const LONGEST = 400 * 86_400_000

/** When the session ends if it is not used again: the earlier of the idle and the absolute end. */
export function expiresAt(times: SessionTimes): number {
  return Math.min(times.absoluteEnd, times.lastSeenAt + times.idle)
}

/** Why the session is over at `now`, or `null` while it is alive. */
export function expiryReason(times: SessionTimes, now: number): 'expired-absolute' | 'expired-idle' | null {
  if (now >= times.absoluteEnd) return 'expired-absolute'
  if (now >= times.lastSeenAt + times.idle) return 'expired-idle'
  return null
}

/**
 * How old the last recorded activity has to be to be recorded again: `touchInterval`, but often enough that a session
 * in use does not end as idle.
 */
export function touchIntervalOf({ idle }: SessionTimes, touchInterval: number): number {
  return Math.min(touchInterval, Math.ceil(idle / 4))
}

/** Whether a token is old enough to be rotated, `ahead` milliseconds from now. */
export function isRotationDue(
  { issuedAt }: { readonly issuedAt: number },
  { rotateEvery, now, ahead = 0 }: { rotateEvery: number | null; now: number; ahead?: number },
): boolean {
  return rotateEvery !== null && now + ahead - issuedAt >= rotateEvery
}

/**
 * Whether the user proved who they are within `maxAge` milliseconds (ASVS 7.5.1). An age that is no number, as where a store
 * lost the time of the proof, proves nothing.
 */
export function isProvenWithin(
  maxAge: number,
  { authenticatedAt, now }: { authenticatedAt: Date; now: number },
): boolean {
  return now - authenticatedAt.getTime() <= maxAge
}

/** @throws ConfigurationError */
export function checkLifetime(lifetime: number, name: 'absolute' | 'idle'): number {
  if (lifetime > LONGEST)
    throw new ConfigurationError(`"${name}" must be at most 400 days: every session has to end.`)
  return lifetime
}

/** Lifetimes in milliseconds. */
export interface Lifetimes {
  readonly idle: number
  readonly absolute: number
  readonly touchInterval: number
}

/**
 * Named lifetimes, each meeting the clause it is named after.
 * - `consumer`: NIST SP 800-63B-4 AAL1 (at most 30 days overall).
 * - `aal2`: NIST SP 800-63B-4 §2.2.3 (at most 24 h overall, at most 1 h idle).
 * - `aal3`: NIST SP 800-63B-4 §2.3.3 (at most 12 h overall, at most 15 min idle).
 * - `pci`: PCI DSS 4 8.2.8 (15 min idle), with a working day overall.
 */
export const LIFETIME_PRESETS: Readonly<Record<LifetimePreset, Lifetimes>> = {
  consumer: { idle: 7 * 86_400_000, absolute: 30 * 86_400_000, touchInterval: 60_000 },
  aal2: { idle: 3_600_000, absolute: 24 * 3_600_000, touchInterval: 60_000 },
  aal3: { idle: 15 * 60_000, absolute: 12 * 3_600_000, touchInterval: 30_000 },
  pci: { idle: 15 * 60_000, absolute: 8 * 3_600_000, touchInterval: 30_000 },
}

/** See {@link LIFETIME_PRESETS}. */
export type LifetimePreset = 'consumer' | 'aal2' | 'aal3' | 'pci'
