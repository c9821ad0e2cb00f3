import type { Answer } from './client-request.ts'
import { type ClientSession, reviveDates } from './client-session.ts'

/** What the page's server rendered with; `undefined` if it did not say. */
export type Given = ClientSession<unknown> | null | undefined

/** What a provider knows, and where from. */
export interface Knowledge {
  /** The latest that the page's server said, to tell when it says something new. */
  readonly given: Given
  readonly session: ClientSession<unknown> | null
  readonly status: 'active' | 'none' | 'unknown' | 'loading'
  /** The page's server, our own question, or one asked because another tab announced a change. */
  readonly source: 'page' | 'own' | 'heard'
  /** When the session ends by this device's clock, once that is near. */
  readonly endsSoon: Date | null
  /** How far the server's clock is ahead of this device's, in milliseconds. */
  readonly clockAhead: number
}

export const NOTHING: Knowledge = {
  given: undefined,
  session: null,
  status: 'loading',
  source: 'page',
  endsSoon: null,
  clockAhead: 0,
}

/**
 * Whether the page's server says something new. A client component around the provider may make the same session anew
 * with each rendering: that takes back no sign-in or sign-out that the endpoint has told of since.
 */
export function isNews(known: Knowledge, session: Given): boolean {
  if (known.given === session) return false
  const isOverruled = signInOf(known) !== signInOf({ session: known.given ?? null })
  return !isOverruled || JSON.stringify(known.given) !== JSON.stringify(session)
}

/** The server rendered the page anew: that counts, whatever was known. */
export function fromPage(before: Knowledge, given: Given): Knowledge {
  return given === undefined ? { ...before, given } : { ...knowing(before, given), given, source: 'page' }
}

/** Only a proven "none" takes a session away. */
export function fromAnswer(before: Knowledge, answer: Answer, source: 'own' | 'heard'): Knowledge {
  if (answer.code === 'ERR_SESSION_NOT_FOUND') return { ...knowing(before, null), source }
  const sent = answer.code === null ? (answer.body as { session?: object | null } | null)?.session : undefined
  if (answer.code !== null || typeof sent !== 'object') return { ...before, source, status: 'unknown' }
  const session = sent === null ? null : reviveDates<ClientSession<unknown>>(sent)
  return { ...knowing(before, session), source, clockAhead: answer.clockAhead }
}

/** When the session ends, by this device's clock. */
export function endOf({ session, clockAhead }: Knowledge): number | null {
  return session === null ? null : session.expiresAt.getTime() - clockAhead
}

/**
 * Differs between any two sign-ins, not between two tokens of one: a routine rotation changes a session's id, and is
 * nobody's business.
 */
export function signInOf({ session }: Pick<Knowledge, 'session'>): string {
  return session === null ? '' : `${session.authenticatedAt.getTime()} ${session.userId}`
}

function knowing(before: Knowledge, session: ClientSession<unknown> | null): Knowledge {
  const sameEnd = session?.expiresAt.getTime() === before.session?.expiresAt.getTime()
  const endsSoon = sameEnd ? before.endsSoon : null
  return { ...before, session, endsSoon, status: session === null ? 'none' : 'active' }
}
