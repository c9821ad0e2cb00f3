import { randomText } from '../../src/lib/encoding.ts'
import type { SessionRecord } from '../../src/lib/record.ts'

export const DAY = 86_400_000
export const START: number = Date.now()

export function newId(): string {
  return randomText(32)
}

/** A record of `alice` that nobody stored yet. */
export function newRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    userId: 'alice',
    id: newId(),
    version: 1,
    role: 'member',
    data: { plan: 'free' },
    userAgent: 'UA',
    ip: '::1',
    createdAt: START,
    authenticatedAt: START,
    lastSeenAt: START,
    absoluteEnd: START + 30 * DAY,
    idle: 7 * DAY,
    ...fields,
  }
}
