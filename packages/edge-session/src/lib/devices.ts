import type { Engine } from './engine.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { RequestState } from './request-state.ts'
import type { ListedSession } from './session.ts'
import { checkUserId } from './session-data.ts'
import type { OpenToken } from './token.ts'

/** A user's sessions on all devices. Only where there is a store to ask. */
export interface DeviceFunctions<Data> {
  /** A user's live sessions, latest first. Default: those of the current user; without a session, none. */
  listSessions(userId?: string): Promise<readonly ListedSession<Data>[]>
  /**
   * Ends one session by its public id. Without `userId` only the current user's own sessions can be ended.
   * Resolves to whether there was one.
   */
  revokeSession(id: string, options?: { readonly userId?: string }): Promise<boolean>
  /**
   * Ends all sessions of the current user but this one. Resolves to their number. Where this one has ended meanwhile, it
   * ends none and throws `ERR_SESSION_NOT_FOUND`.
   */
  revokeOtherSessions(): Promise<number>
  /** Ends all sessions of a user: after a password change, a stolen device, a ban. Resolves to their number. */
  revokeAllSessions(userId: string): Promise<number>
}

export function createDeviceFunctions<Data>(app: {
  engine: Engine<Data>
  lifecycle: () => Lifecycle
  requestState: () => Promise<RequestState<Data>>
}): DeviceFunctions<Data> {
  const { engine, lifecycle, requestState } = app
  // A session that was revoked, and that a cache does not know of yet, ends no other.
  const pastTheCache = { fresh: engine.config.cache !== null }

  /** The rest of the request sees no session any more, if it was its own that ended. */
  async function forget(isOwn: (token: OpenToken) => boolean): Promise<void> {
    // Outside of a request there is nothing to forget.
    const state = await requestState().catch(() => null)
    const token = (await state?.heldToken()) ?? null
    if (token !== null && isOwn(token)) state?.replace({ outcome: 'none', reason: 'revoked' })
  }

  return {
    async listSessions(userId) {
      const named = userId === undefined ? null : checkUserId(userId)
      const state = await requestState()
      const recognised = await state.recognise({ fresh: false })
      if (named === null && recognised.outcome === 'unknown') throw recognised.error
      const current = recognised.outcome === 'active' ? recognised.record : null
      const whose = named ?? current?.userId
      if (whose === undefined) return []
      const records = await lifecycle().list(whose)
      const sessions = await Promise.all(records.map((record) => engine.toSession(record)))
      return sessions.flatMap((session) =>
        session === null ? [] : [{ ...session, current: session.id === current?.id }],
      )
    },

    async revokeSession(id, options) {
      const state = await requestState()
      const { userId, id: ownId } =
        options?.userId === undefined
          ? (await state.requireActive(pastTheCache)).record
          : { userId: checkUserId(options.userId), id: null }
      // Not one of ours, so nobody's: no need to ask.
      if (!/^[\w-]{43}$/.test(id)) return false
      const revoked = await lifecycle().revoke({ userId, id })
      // The token is an older one while it is being replaced.
      await forget((token) => token.id === id || ownId === id)
      return revoked
    },

    async revokeOtherSessions() {
      const state = await requestState()
      const { record } = await state.requireActive(pastTheCache)
      return lifecycle().revokeAll(record.userId, { except: record.id })
    },

    async revokeAllSessions(userId) {
      const revoked = await lifecycle().revokeAll(checkUserId(userId), { except: null })
      await forget((token) => token.claims.userId === userId)
      return revoked
    },
  }
}
