// Without the extension: with it Next.js takes the browser's module, which does not build into route handlers.
import { forbidden, redirect } from 'next/navigation'
import { type CookieSetting, clearedCookies, issuedCookie } from './cookie.ts'
import { type Duration, toMilliseconds } from './duration.ts'
import type { Engine, Recognised } from './engine.ts'
import {
  InvalidArgumentError,
  ReadOnlyContextError,
  SessionLimitError,
  SessionUnknownError,
} from './errors.ts'
import { isProvenWithin } from './lifetime.ts'
import { newRecord } from './new-record.ts'
import type { Issued } from './recognition.ts'
import type { SessionRecord } from './record.ts'
import type { RequestState } from './request-state.ts'
import type { NewSession, Session, SessionLookup } from './session.ts'
import { checkShortText, checkSize, toJsonObject } from './session-data.ts'
import type { SessionWriter } from './session-writer.ts'

export interface RequireOptions<Data> {
  /** The user must have proved who they are within this time; otherwise they are sent to do so again. Always asks KV. */
  readonly maxAge?: Duration
  /** Who may pass. Others get Next.js' `forbidden()` (403; needs `experimental.authInterrupts`). Default: anyone signed in. */
  readonly allow?: (session: Session<Data>) => boolean
  /** Path to come back to after signing in. Default: none. */
  readonly returnTo?: `/${string}`
}

/** Sessions for server components, server actions and route handlers. */
export interface SessionFunctions<Data> {
  /**
   * The session of this request, or `null` when there is none. Costs no KV command behind the proxy, one without it.
   *
   * When KV does not answer it throws `ERR_SESSION_UNKNOWN`, save on a path that the proxy knows to be public (there
   * are `protect` rules, and none is about it): there it is `null`, so that public pages stay up.
   *
   * @param options.fresh asks KV's primary, past every cache. Default `false`.
   */
  getSession(options?: { readonly fresh?: boolean }): Promise<Session<Data> | null>
  /** The same with all three outcomes apart, and without throwing. */
  lookupSession(options?: { readonly fresh?: boolean }): Promise<SessionLookup<Data>>
  /**
   * The guard beside the data: the session, or no further. Without one the visitor is redirected to sign in.
   * @throws SessionUnknownError when KV does not answer: not a reason to sign anyone out.
   */
  requireSession(options?: RequireOptions<Data>): Promise<Session<Data>>
  /**
   * Signs a user in on this browser, in a server action or route handler. A session the browser already has ends and
   * passes nothing on (session fixation, ASVS 7.2.4).
   * @throws InvalidArgumentError, ConfigurationError (a duration), SessionTooLargeError, SessionLimitError,
   * SessionUnknownError, ReadOnlyContextError
   */
  createSession(session: NewSession<Data>): Promise<Session<Data>>
  /**
   * Merges an object into the session's data, or replaces the data by what a function makes of it. The function may run
   * several times, when requests collide; no update is lost and none revives a session that ended meanwhile.
   * @throws SessionNotFoundError, SessionUnknownError; and with nothing changed InvalidArgumentError, as when the schema
   * refuses the data, and SessionTooLargeError
   */
  updateSession(change: Partial<Data> | ((data: Readonly<Data>) => Data)): Promise<Session<Data>>
  /**
   * Signs out: ends the session in KV, then has the browser forget the cookie. Resolves to whether there was one.
   * @throws SessionUnknownError when KV does not answer. The cookie is cleared even then, but the session may live on.
   */
  destroySession(): Promise<boolean>
  /** Replaces the token now, with grace for requests under way. `null` when there is no session. */
  rotateSession(): Promise<Session<Data> | null>
  /**
   * After the user proved again who they are, or their role changed: a new id, the old one dead at once, both
   * lifetimes started over.
   * @throws SessionNotFoundError, SessionTooLargeError, SessionUnknownError, ReadOnlyContextError
   */
  reauthenticate(change?: { readonly role?: string | null }): Promise<Session<Data>>
}

export function createSessionFunctions<Data>(app: {
  engine: Engine<Data>
  writer: () => SessionWriter
  requestState: () => Promise<RequestState<Data>>
}): SessionFunctions<Data> {
  const { engine, writer, requestState } = app
  const { config, guard } = engine

  async function recognise(options: { fresh?: boolean } | undefined): Promise<Recognised<Data>> {
    const state = await requestState()
    return state.recognise({ fresh: options?.fresh ?? false })
  }

  function setCookie(
    state: RequestState<Data>,
    { setting, operation }: { setting: CookieSetting; operation: string },
  ): void {
    try {
      state.cookies.set(setting)
    } catch {
      throw new ReadOnlyContextError(operation)
    }
  }

  /**
   * Fails while a page renders, before KV is touched. What is set can not be taken back, so nothing is: whoever may set
   * cookies gets as far as asking for the name.
   */
  function assertCookiesWritable(state: RequestState<Data>, operation: string): void {
    const writable = new Error('The name was asked for.')
    const probe = {
      value: '',
      get name(): string {
        throw writable
      },
    }
    try {
      state.cookies.set(probe)
    } catch (error) {
      if (error !== writable) throw new ReadOnlyContextError(operation)
    }
  }

  function cookieOf(
    token: string,
    { absoluteEnd, remember }: { absoluteEnd: number; remember: boolean },
  ): CookieSetting {
    return issuedCookie(config.cookie, { value: token, remember, lifetime: absoluteEnd - config.now() })
  }

  async function adopt(
    state: RequestState<Data>,
    { issued: { token, record, remember }, operation }: { issued: Issued; operation: string },
  ): Promise<Session<Data>> {
    const { absoluteEnd } = record
    setCookie(state, { setting: cookieOf(token, { absoluteEnd, remember }), operation })
    const [opened, session] = await Promise.all([engine.open([token]), sessionOf(record)])
    if (typeof opened === 'object') {
      state.replace({ outcome: 'active', token: opened, record, session, reissue: null, stale: false })
    }
    return session
  }

  /** The app's own data, about to be stored: a schema that refuses it is the app's mistake. */
  async function sessionOf(record: SessionRecord): Promise<Session<Data>> {
    const session = await engine.toSession(record)
    if (session === null) throw new InvalidArgumentError('the session data does not match the schema.')
    return session
  }

  /** As the app sees it, and its own: what it does to it, and does not return, changes nothing. */
  async function dataOf(record: SessionRecord): Promise<Data> {
    const { data } = await sessionOf({ ...record, data: structuredClone(record.data) })
    return data
  }

  return {
    async getSession(options) {
      const recognised = await recognise(options)
      if (recognised.outcome === 'unknown' && !recognised.isPublic) throw recognised.error
      return recognised.outcome === 'active' ? recognised.session : null
    },

    async lookupSession(options) {
      const recognised = await recognise(options)
      if (recognised.outcome === 'active') return { outcome: 'active', session: recognised.session }
      if (recognised.outcome === 'none') return { outcome: 'none', reason: recognised.reason }
      return { outcome: 'unknown', error: recognised.error }
    },

    async requireSession({ maxAge, allow, returnTo } = {}) {
      const recognised = await recognise({ fresh: maxAge !== undefined })
      if (recognised.outcome === 'unknown') throw recognised.error
      const query = returnTo === undefined ? '' : `?next=${encodeURIComponent(returnTo)}`
      if (recognised.outcome === 'none') redirect(guard.signIn + query)
      const { session } = recognised
      const at = { authenticatedAt: session.authenticatedAt, now: config.now() }
      if (maxAge !== undefined && !isProvenWithin(toMilliseconds(maxAge, 'maxAge'), at))
        redirect(guard.reauthenticate + query)
      if (allow !== undefined && !allow(session)) forbidden()
      return session
    },

    async createSession(session) {
      const state = await requestState()
      const fields = newRecord(session, { config, userAgent: state.headers.get('user-agent') })
      await sessionOf({ ...fields, id: '' })
      await state.assertKVAnswers('create')
      assertCookiesWritable(state, 'createSession')
      const previous = await state.heldToken()
      const issued = await writer()
        .create(fields, { remember: session.remember ?? true, previous })
        .catch((error: unknown) => {
          // Another user's session is ended first: then it is gone, though no new one came of it.
          const ended =
            error instanceof SessionLimitError ||
            (error instanceof SessionUnknownError && error.operation === 'create')
          if (ended && previous !== null && previous.claims.userId !== fields.userId) {
            state.replace({ outcome: 'none', reason: 'revoked' })
            for (const setting of clearedCookies(config))
              setCookie(state, { setting, operation: 'createSession' })
          }
          throw error
        })
      try {
        return await adopt(state, { issued, operation: 'createSession' })
      } catch (error) {
        const made = await engine.open([issued.token])
        if (typeof made === 'object') await writer().destroy(made)
        throw error
      }
    },

    async updateSession(change) {
      const state = await requestState()
      const active = await state.requireActive()
      if (engine.sessionsAreInCookies) assertCookiesWritable(state, 'updateSession')
      const { record, issued } = await writer().update(active, async (current) => {
        const data =
          typeof change === 'function' ? change(await dataOf(current)) : { ...current.data, ...change }
        const next = { ...current, data: toJsonObject(data) }
        await sessionOf(next)
        return checkSize(next)
      })
      if (issued !== null) {
        try {
          return await adopt(state, { issued, operation: 'updateSession' })
        } catch (error) {
          // Then other pages show the change a little later: within the lag of the cache.
          if (engine.sessionsAreInCookies || !(error instanceof ReadOnlyContextError)) throw error
        }
      }
      const session = await sessionOf(record)
      state.replace({ ...active, record, session })
      return session
    },

    async destroySession() {
      const state = await requestState()
      // The cookie goes first: should KV fail, the browser forgets the session all the same.
      for (const setting of clearedCookies(config)) setCookie(state, { setting, operation: 'destroySession' })
      await state.assertKVAnswers('destroy')
      const token = await state.heldToken()
      state.replace({ outcome: 'none', reason: 'revoked' })
      return token === null ? false : writer().destroy(token)
    },

    async rotateSession() {
      const state = await requestState()
      const recognised = await state.recognise({ fresh: false })
      if (recognised.outcome === 'unknown') throw recognised.error
      if (recognised.outcome === 'none') return null
      assertCookiesWritable(state, 'rotateSession')
      const issued = await writer().rotate(recognised)
      return issued === null ? null : adopt(state, { issued, operation: 'rotateSession' })
    },

    async reauthenticate({ role } = {}) {
      const state = await requestState()
      const active = await state.requireActive()
      const change = { role: role === undefined ? active.record.role : checkShortText(role, 'a role') }
      assertCookiesWritable(state, 'reauthenticate')
      const issued = await writer().reauthenticate(active, change)
      return adopt(state, { issued, operation: 'reauthenticate' })
    },
  }
}
