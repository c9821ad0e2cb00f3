import { cookies, headers } from 'next/headers.js'
import { cookieValues, snapshotValues } from './cookie.ts'
import type { Active, Engine, Recognised } from './engine.ts'
import { SessionNotFoundError, SessionUnknownError, type StoreOperation } from './errors.ts'
import { IDENTITY_HEADER } from './identity.ts'
import { warnOfMissingProxy } from './missing-proxy.ts'
import type { OpenToken } from './token.ts'

/** What one request knows of its session, shared by layout, page, action and whatever else runs for it. */
export interface RequestState<Data> {
  readonly headers: Headers
  readonly cookies: Awaited<ReturnType<typeof cookies>>
  /** The session of this request: verified once, then remembered. `fresh` asks KV's primary again. */
  recognise(options: { fresh: boolean }): Promise<Recognised<Data>>
  /** The session a change is about. @throws SessionNotFoundError, SessionUnknownError */
  requireActive(options?: { fresh: boolean }): Promise<Active<Data>>
  /** The valid token this request holds by now, alive or not; `null` if it has none. Costs no KV command. */
  heldToken(): Promise<OpenToken | null>
  /** @throws SessionUnknownError if KV did not answer the proxy: then it is not asked again for the same request. */
  assertKVAnswers(operation: StoreOperation): Promise<void>
  /** Makes the rest of the request see `recognised`. */
  replace(recognised: Recognised<Data>): void
}

/**
 * `headers()` gives the same object throughout a request, and a module-level React `cache` would not reach handlers. What
 * an action did is known to the pages it renders also where Next.js loads an app's instance twice, for actions and pages.
 */
export function createRequestStates<Data>(engine: Engine<Data>): () => Promise<RequestState<Data>> {
  const states = new WeakMap<object, Found<Data>>()
  const { name } = engine.config.cookie

  return async function requestState() {
    // Before any clock or random number: Cache Components refuses the other order.
    const [requestHeaders, cookieStore] = await Promise.all([headers(), cookies()])
    const state = states.get(requestHeaders) ?? { found: undefined, fresh: false, replaced: undefined }
    states.set(requestHeaders, state)
    const replacements = replacementsIn(requestHeaders)
    const replaced = replacements.get(name) as Recognised<Data> | undefined
    if (replaced !== state.replaced) Object.assign(state, { found: Promise.resolve(replaced), replaced })
    const presented = () => cookieValues(requestHeaders.get('cookie'), name)

    return {
      headers: requestHeaders,
      cookies: cookieStore,

      recognise,

      async requireActive({ fresh } = { fresh: false }) {
        const recognised = await recognise({ fresh })
        if (recognised.outcome === 'unknown') throw recognised.error
        if (recognised.outcome === 'none') throw new SessionNotFoundError()
        return recognised
      },

      async heldToken() {
        const known = await state.found
        if (known !== undefined && known.outcome !== 'none') return known.token
        const values = presented()
        const token = values.length === 0 ? 'no-cookie' : await engine.open(values)
        return typeof token === 'string' ? null : token
      },

      async assertKVAnswers(operation) {
        const known = await (state.found ?? toldByProxy())
        if (known?.outcome === 'unknown') throw new SessionUnknownError(operation)
      },

      replace(recognised) {
        state.found = Promise.resolve(recognised)
        state.replaced = recognised
        replacements.set(name, recognised)
      },
    }

    function recognise({ fresh }: { fresh: boolean }): Promise<Recognised<Data>> {
      if (state.found === undefined) state.found = first({ fresh })
      else if (fresh && !state.fresh) state.found = state.found.then(again)
      state.fresh ||= fresh
      return state.found
    }

    async function toldByProxy(): Promise<Recognised<Data> | null> {
      const header = requestHeaders.get(IDENTITY_HEADER)
      return header === null ? null : engine.takeOver(header, presented())
    }

    async function first({ fresh }: { fresh: boolean }): Promise<Recognised<Data>> {
      const told = await toldByProxy()
      const handedOver = engine.sessionsAreInCookies || requestHeaders.has(IDENTITY_HEADER)
      if (!handedOver && presented().length > 0) warnOfMissingProxy()
      // KV that did not answer the proxy is not asked again for the same request.
      if (told?.outcome === 'unknown' || (told !== null && !fresh)) return told
      const copies = snapshotValues(requestHeaders.get('cookie'), engine.config.snapshotCookie)
      return engine.recognise(presented(), { fresh, copies })
    }

    /** Under the token of this moment, which may be newer than the request. */
    function again(known: Recognised<Data>): Promise<Recognised<Data>> | Recognised<Data> {
      return known.outcome === 'active' ? engine.recognise([known.token.token], { fresh: true }) : known
    }
  }
}

interface Found<Data> {
  found: Promise<Recognised<Data>> | undefined
  fresh: boolean
  replaced: Recognised<Data> | undefined
}

/** By the name of the cookie. */
type Replacements = Map<string, Recognised<unknown>>

const REPLACEMENTS = Symbol.for('edge-session.replacements.1')

/** Gone with the request. */
function replacementsIn(requestHeaders: object): Replacements {
  const scope = globalThis as { [REPLACEMENTS]?: WeakMap<object, Replacements> }
  scope[REPLACEMENTS] ??= new WeakMap()
  const replacements = scope[REPLACEMENTS].get(requestHeaders) ?? new Map()
  scope[REPLACEMENTS].set(requestHeaders, replacements)
  return replacements
}
