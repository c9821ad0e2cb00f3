import type { JsonObject, JsonValue, SessionRecord, SessionRef, SessionTimes } from './record.ts'

/** Largest record in bytes, as apps fill it. */
export const RECORD_LIMIT = 4_096
/** Longer than one of ours with its mark; it may be nested more deeply than JSON can be written. */
const TOO_LONG = RECORD_LIMIT + 100

/**
 * How a record is written. The `1|` in front is the format's version, and it is not JSON, so that no KV client
 * "deserialises" the value on its way. The second number is the record's version, which scripts compare.
 *
 * state: `1|<version>|{"r":role,"d":data,"a":userAgent,"i":ip,"m":mark}`, without `m` until it is updated
 * times: `createdAt authenticatedAt lastSeenAt absoluteEnd idle`
 */
export function encodeState({ version, role, data, userAgent, ip }: SessionRecord, mark?: string): string {
  return `1|${version}|${JSON.stringify({ r: role, d: data, a: userAgent, i: ip, m: mark })}`
}

/** See {@link encodeState}. */
export function encodeTimes(times: SessionTimes): string {
  return [times.createdAt, times.authenticatedAt, times.lastSeenAt, times.absoluteEnd, times.idle].join(' ')
}

/** The record, or why there is none. Total: any text gives an answer. */
export function decodeRecord(
  ref: SessionRef,
  stored: { state: string; times: string | null },
): DecodedRecord {
  const parts = /^(\d+)\|(?:(\d{1,15})\|)?(.*)$/s.exec(stored.state)
  if (parts === null) return 'corrupt'
  const [, format, version, json = ''] = parts
  if (format !== '1') return 'newer'
  const times = decodeTimes(stored.times)
  const state = json.length > TOO_LONG ? null : parseObject(json)
  if (version === undefined || times === null || state === null) return 'corrupt'
  const { r: role, d: data, a: userAgent, i: ip } = state
  if (!isTextOrNull(role) || !isTextOrNull(userAgent) || !isTextOrNull(ip) || !isObject(data))
    return 'corrupt'
  return { ...ref, ...times, version: Number(version), role, data, userAgent, ip }
}

export type DecodedRecord = SessionRecord | 'corrupt' | 'newer'

function decodeTimes(text: string | null): SessionTimes | null {
  if (text === null || !/^\d{1,15}( \d{1,15}){4}$/.test(text)) return null
  const [createdAt = 0, authenticatedAt = 0, lastSeenAt = 0, absoluteEnd = 0, idle = 0] = text
    .split(' ')
    .map(Number)
  return { createdAt, authenticatedAt, lastSeenAt, absoluteEnd, idle }
}

function parseObject(json: string): JsonObject | null {
  try {
    const value: JsonValue = JSON.parse(json)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTextOrNull(value: JsonValue | undefined): value is string | null {
  return value === null || typeof value === 'string'
}
