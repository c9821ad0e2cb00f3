import { toMilliseconds } from './duration.ts'
import { checkLifetime } from './lifetime.ts'
import type { Config } from './options.ts'
import type { SessionRecord } from './record.ts'
import type { NewSession } from './session.ts'
import { checkShortText, checkSize, checkUserId, shortenUserAgent, toJsonObject } from './session-data.ts'

/**
 * The record of a session that starts now, but for its id.
 * @throws InvalidArgumentError, ConfigurationError (a duration), SessionTooLargeError
 */
export function newRecord<Data>(
  session: NewSession<Data>,
  { config, userAgent }: { config: Config<unknown>; userAgent: string | null },
): Omit<SessionRecord, 'id'> {
  const now = config.now()
  const lifetime = (name: 'absolute' | 'idle') => {
    const given = session[name]
    return given === undefined ? config[name] : checkLifetime(toMilliseconds(given, name), name)
  }
  const fields = {
    userId: checkUserId(session.userId),
    role: checkShortText(session.role, 'a role'),
    data: toJsonObject(session.data ?? {}),
    userAgent: shortenUserAgent(session.userAgent === undefined ? userAgent : session.userAgent),
    ip: checkShortText(session.ip, 'an address'),
    version: 1,
    createdAt: now,
    authenticatedAt: now,
    lastSeenAt: now,
    absoluteEnd: now + lifetime('absolute'),
    idle: lifetime('idle'),
  }
  checkSize({ ...fields, id: '' })
  return fields
}
