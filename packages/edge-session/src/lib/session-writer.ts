import type { Issued } from './recognition.ts'
import type { SessionRecord } from './record.ts'
import type { OpenToken } from './token.ts'

/** A session and the token its visitor holds. */
export interface HeldSession {
  readonly token: OpenToken
  readonly record: SessionRecord
}

/** A changed session; `issued` when the visitor needs a new token for it. */
export interface WrittenSession {
  readonly record: SessionRecord
  readonly issued: Issued | null
}

/** How the session of a request is changed, whatever keeps it. */
export interface SessionWriter {
  create(
    fields: Omit<SessionRecord, 'id'>,
    options: { remember: boolean; previous: OpenToken | null },
  ): Promise<Issued>
  /** `change` may run several times; nothing is written when it rejects. */
  update(
    held: HeldSession,
    change: (record: SessionRecord) => SessionRecord | Promise<SessionRecord>,
  ): Promise<WrittenSession>
  /** `null` when the session is gone meanwhile. */
  rotate(held: HeldSession): Promise<Issued | null>
  reauthenticate(held: HeldSession, change: { role: string | null }): Promise<Issued>
  destroy(token: OpenToken): Promise<boolean>
}
