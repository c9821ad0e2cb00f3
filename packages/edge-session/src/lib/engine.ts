import type { CookieSetting } from './cookie.ts'
import type { SessionUnknownError } from './errors.ts'
import type { Emit } from './events.ts'
import type { Guard } from './guard.ts'
import { expiresAt } from './lifetime.ts'
import type { ActiveRecord, NoneReason } from './lookup.ts'
import type { Config } from './options.ts'
import type { SessionRecord } from './record.ts'
import type { Session } from './session.ts'
import type { OpenToken } from './token.ts'

/** How sessions are recognised, whatever keeps them: all that proxy, pages and route handlers ask of an instance. */
export interface Engine<Data> {
  readonly config: Config<Data>
  readonly guard: Guard<Data>
  /** Every change to a session then needs a new cookie. */
  readonly sessionsAreInCookies: boolean
  /** @throws ConfigurationError if the environment is incomplete. */
  assertConfigured(): void
  /** The one valid token among the values presented under our cookie's name, or why there is none. */
  open(presented: readonly string[]): Promise<OpenToken | NoneReason>
  /**
   * Who the values presented under our cookie's name belong to. With `fresh`, past every replica and cache. `copies`: the
   * values of the snapshot cookie.
   */
  recognise(
    presented: readonly string[],
    options?: { fresh: boolean; copies?: readonly string[] },
  ): Promise<Recognised<Data>>
  /** The session under a new token, if it is time for one; `null` if not. */
  renew(active: Active<Data>): Promise<Active<Data> | null>
  /** The session's snapshot, if the visitor ought to have a new one. */
  snapshotOf(active: Active<Data>): Promise<CookieSetting | null>
  /** Records activity, if it is due; `null` if not. Never rejects because of KV. */
  touch(active: Active<Data>): Promise<unknown> | null
  /** What the proxy tells the page of the same request; `null` when the page knows as much by itself. */
  handOver(known: Active<Data> | Unknown, options: { isPublic: boolean }): Promise<string | null>
  /** What the proxy told; `null` unless it was our proxy, in this very request's name, just now. */
  takeOver(header: string, presented: readonly string[]): Promise<Active<Data> | Unknown | null>
  /** Whether our proxy handed this over, in this very request's name, just now. */
  isHandedOver(header: string, presented: readonly string[]): Promise<boolean>
  /** The app's view of a record; `null` if the schema refuses its data. */
  toSession(record: SessionRecord): Promise<Session<Data> | null>
}

export interface Active<Data> extends ActiveRecord {
  readonly token: OpenToken
  readonly session: Session<Data>
}

export interface None {
  readonly outcome: 'none'
  readonly reason: NoneReason
}

export interface Unknown {
  readonly outcome: 'unknown'
  readonly token: OpenToken
  readonly error: SessionUnknownError
  /** The proxy let the request pass on a path that the app declared public. */
  readonly isPublic: boolean
}

export type Recognised<Data> = Active<Data> | None | Unknown

/** Sends events to the app's observer, whose failure is not the visitor's. */
export function createEmit({ onEvent, now }: Pick<Config<unknown>, 'onEvent' | 'now'>): Emit {
  return (event) => {
    // Also where it is an async function.
    new Promise((told) => told(onEvent({ ...event, at: now() }))).catch(() => {})
  }
}

/** See {@link Engine.toSession}. */
export async function toSession<Data>(
  config: Config<Data>,
  record: SessionRecord,
): Promise<Session<Data> | null> {
  const { id, userId, role, userAgent, ip } = record
  const checked = await config.schema?.['~standard'].validate(record.data)
  if (checked?.issues !== undefined) return null
  return {
    id,
    userId,
    role,
    // Without a schema the app's generic is its own promise about what it stored.
    data: checked === undefined ? (record.data as Data) : checked.value,
    createdAt: new Date(record.createdAt),
    authenticatedAt: new Date(record.authenticatedAt),
    lastSeenAt: new Date(record.lastSeenAt),
    expiresAt: new Date(expiresAt(record)),
    userAgent,
    ip,
  }
}
