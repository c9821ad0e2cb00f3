import { cookies, headers } from 'next/headers.js'
import { cookieValues } from './cookie.ts'
import type { Engine, Recognised } from './engine.ts'
import { SessionUnknownError } from './errors.ts'
import { IDENTITY_HEADER } from './identity.ts'
import type { OpenToken } from './token.ts'

/** What one request knows of its session, shared by layout, page, action and whatever else runs for it. */
export interface RequestState<Data> {
  readonly headers: Headers
  readonly cookies: Awaited<ReturnType<typeof cookies>>
  /** The session of this request: verified once, then remembered. `fresh` asks KV's primary again. */
  recognise(options: { fresh: boolean }): Promise<Recognised<Data>>
  /** The request's own valid token, alive or not; `null` if it has none. */
  presentedToken(): Promise<OpenToken | null>
  /** Makes the rest of the request see `recognised`. */
  replace(recognised: Recognised<Data>): void
}

/** `headers()` gives the same object throughout a request, and a module-level React `cache` would not reach handlers. */
export function createRequestStates<Data>(engine: Engine<Data>): () => Promise<RequestState<Data>> {
  const states = new WeakMap<object, { found: Promise<Recognised<Data>> | undefined }>()

  return async function requestState() {
    // Before any clock or random number: Cache Components refuses the other order.
    const [requestHeaders, cookieStore] = await Promise.all([headers(), cookies()])
    const state = states.get(requestHeaders) ?? { found: undefined }
    states.set(requestHeaders, state)
    const presented = () => cookieValues(requestHeaders.get('cookie'), engine.config.cookie.name)

    return {
      headers: requestHeaders,
      cookies: cookieStore,

      recognise({ fresh }) {
        if (fresh && state.found === undefined) state.found = engine.recognise(presented(), { fresh })
        else if (fresh) state.found = state.found?.then((known) => recogniseAgain(known))
        state.found ??= fromProxy({
          engine,
          presented: presented(),
          header: requestHeaders.get(IDENTITY_HEADER),
        })
        return state.found
      },

      async presentedToken() {
        const values = presented()
        const token = values.length === 0 ? 'no-cookie' : await engine.parts().tokens.open(values)
        return typeof token === 'string' ? null : token
      },

      replace(recognised) {
        state.found = Promise.resolve(recognised)
      },
    }

    /** The token may have changed during this request, so the header is no longer what counts. */
    function recogniseAgain(known: Recognised<Data>): Promise<Recognised<Data>> | Recognised<Data> {
      return known.outcome === 'active' ? engine.recognise([known.token.token], { fresh: true }) : known
    }
  }
}

/** The proxy's verified lookup when there is one for this very token, a lookup of our own otherwise. */
async function fromProxy<Data>(context: {
  engine: Engine<Data>
  presented: readonly string[]
  header: string | null
}): Promise<Recognised<Data>> {
  const { engine, presented, header } = context
  if (presented.length > 0 && header !== null) {
    const { tokens, identities } = engine.parts()
    const token = await tokens.open(presented)
    const identity = typeof token === 'string' ? null : await identities.open(header, token)
    if (typeof token !== 'string' && identity?.outcome === 'unknown') {
      return { outcome: 'unknown', token, error: new SessionUnknownError('read'), isPublic: identity.isPublic }
    }
    if (typeof token !== 'string' && identity?.outcome === 'active' && identity.complete) {
      const session = await engine.toSession(identity.record)
      if (session !== null)
        return { outcome: 'active', token, record: identity.record, session, reissue: null }
    }
  }
  return engine.recognise(presented)
}
