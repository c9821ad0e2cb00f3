import { InvalidArgumentError, SessionTooLargeError } from './errors.ts'
import type { JsonObject, JsonValue, SessionRecord } from './record.ts'
import { encodeState, RECORD_LIMIT } from './record-codec.ts'

const LONGEST_USER_ID = 512
/** In UTF-8 and as JSON, quotes included: more, as control characters take, would not fit into a cookie (RFC 6265bis §5.6). */
const MOST_BYTES_OF_USER_ID = 1_538
const LONGEST_USER_AGENT = 256

/** The data as JSON will give it back. @throws InvalidArgumentError unless it is an object that JSON can hold. */
export function toJsonObject(data: unknown): JsonObject {
  let value: JsonValue | undefined
  try {
    value = JSON.parse(JSON.stringify(data) ?? 'null')
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError(
      'session data must be a plain object that JSON can hold (no BigInt, no cycles).',
    )
  }
  return value as JsonObject
}

/** @throws InvalidArgumentError for an id that is empty, too long, or that UTF-8 can not tell from another one. */
export function checkUserId(userId: unknown): string {
  if (
    typeof userId !== 'string' ||
    userId === '' ||
    userId.length > LONGEST_USER_ID ||
    new TextEncoder().encode(JSON.stringify(userId)).length > MOST_BYTES_OF_USER_ID ||
    /\p{Surrogate}/u.test(userId)
  ) {
    throw new InvalidArgumentError(
      `a user id must be a non-empty, well-formed string of at most ${LONGEST_USER_ID} characters, few of them control characters.`,
    )
  }
  return userId
}

/** `what` names it in the error. @throws InvalidArgumentError unless it is a string of at most 256 characters, or none. */
export function checkShortText(text: unknown, what: 'a role' | 'an address'): string | null {
  if (text === undefined || text === null) return null
  if (typeof text !== 'string' || text.length > 256) {
    throw new InvalidArgumentError(`${what} must be a string of at most 256 characters, or null.`)
  }
  return text
}

/** Cut rather than refused: the header is whatever the browser sends. */
export function shortenUserAgent(userAgent: string | null): string | null {
  return userAgent === null ? null : userAgent.slice(0, LONGEST_USER_AGENT)
}

/** @throws SessionTooLargeError when the record takes more than 4 KiB in KV. */
export function checkSize(record: SessionRecord): SessionRecord {
  const bytes = new TextEncoder().encode(encodeState(record)).length
  if (bytes > RECORD_LIMIT) throw new SessionTooLargeError(bytes, RECORD_LIMIT)
  return record
}
