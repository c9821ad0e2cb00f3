import { toMilliseconds } from './duration.ts'
import { ConfigurationError } from './errors.ts'
import type { Config } from './options.ts'
import type { SessionRecord } from './record.ts'
import type { NewSession } from './session.ts'
import { checkRole, checkSize, checkUserId, shortenUserAgent, toJsonObject } from './session-data.ts'

const LONGEST_ABSOLUTE = 400 * 86_400_000

/**
 * The record of a session that starts now, but for its id.
 * @throws InvalidArgumentError, ConfigurationError (a duration), SessionTooLargeError
 */
export function newRecord<Data>(
  session: NewSession<Data>,
  { config, userAgent }: { config: Config<unknown>; userAgent: string | null },
): Omit<SessionRecord, 'id'> {
  const now = config.now()
  const absolute =
    session.absolute === undefined ? config.absolute : toMilliseconds(session.absolute, 'absolute')
  if (absolute > LONGEST_ABSOLUTE)
    throw new ConfigurationError('"absolute" must be at most 400 days: every session has to end.')
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
    absoluteEnd: now + absolute,
    idle: session.idle === undefined ? config.idle : toMilliseconds(session.idle, 'idle'),
  }
  checkSize({ ...fields, id: '' })
  return fields
}
