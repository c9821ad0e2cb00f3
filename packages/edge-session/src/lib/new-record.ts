import { toMilliseconds } from './duration.ts'
import { checkLifetime } from './lifetime.ts'
import type { Config } from './options.ts'
import type { SessionRecord } from './record.ts'
import type { NewSession } from './session.ts'
import { checkRole, checkSize, checkUserId, shortenUserAgent, toJsonObject } from './session-data.ts'

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
    role: checkRole(session.role),
    data: toJsonObject(session.data ?? {}),
    userAgent: shortenUserAgent(session.userAgent === undefined ? userAgent : session.userAgent),
    ip: session.ip ?? null,
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
