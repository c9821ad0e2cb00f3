import type { JsonObject } from './record.ts'
import type { ListedSession, Session } from './session.ts'

/**
 * A session as the page's scripts have it. For display: a script can make of it what it likes, so what somebody may do
 * is decided on the server, with `requireSession`.
 */
export type ClientSession<Data = JsonObject> = Omit<Session<Data>, 'userAgent' | 'ip'>

/** One line of a user's list of sessions. */
export type ClientListedSession = Pick<
  ListedSession,
  'id' | 'current' | 'createdAt' | 'lastSeenAt' | 'userAgent' | 'ip'
>

const DATES = ['createdAt', 'authenticatedAt', 'lastSeenAt', 'expiresAt']

/** What our endpoints send as text becomes `Date`s again. The app's own data stays as JSON has it. */
export function reviveDates<Shape>(sent: object): Shape {
  return Object.fromEntries(
    Object.entries(sent).map(([key, value]) => [key, DATES.includes(key) ? new Date(value) : value]),
  ) as Shape
}
