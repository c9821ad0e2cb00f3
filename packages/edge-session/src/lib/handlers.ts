import { clearedCookies, serialiseCookie } from './cookie.ts'
import { isCrossSite } from './cross-site.ts'
import { type Duration, toMilliseconds } from './duration.ts'
import type { Engine } from './engine.ts'
import {
  InvalidArgumentError,
  SessionLimitError,
  SessionNotFoundError,
  SessionTooLargeError,
  SessionUnknownError,
  UpdateConflictError,
} from './errors.ts'
import { isProvenWithin } from './lifetime.ts'
import { mayClearCookie } from './lookup.ts'
import {
  CROSS_SITE,
  FORBIDDEN,
  NEVER_STORE,
  type Problem,
  problemResponse,
  SIGN_IN_REQUIRED,
  TEMPORARILY_UNKNOWN,
} from './problem.ts'
import type { RequestState } from './request-state.ts'
import type { Session } from './session.ts'
import { answerThrown } from './thrown-answer.ts'

export interface ProtectRouteOptions<Data> {
  /** As in `requireSession`. A proof that is too old answers 401 with the code `ERR_REAUTHENTICATION_REQUIRED`. */
  readonly maxAge?: Duration
  /** Who may pass; others get 403. */
  readonly allow?: (session: Session<Data>) => boolean
}

/** What Next.js passes to a route handler beside the request. */
export interface RouteContext {
  readonly params: Promise<Record<string, string | string[] | undefined>>
}

export type ProtectedRoute<Data, Context> = (
  request: Request,
  context: Context & { readonly session: Session<Data> },
) => Response | Promise<Response>

export interface RouteHandlers<Data> {
  /**
   * The guard for a route handler: runs it with the session, or answers 401, 403 or 503 as problem+json. Refuses
   * cross-site requests unless they only read, and keeps the answer out of every cache.
   */
  readonly protectRoute: <Context = RouteContext>(
    handler: ProtectedRoute<Data, Context>,
    options?: ProtectRouteOptions<Data>,
  ) => (request: Request, context: Context) => Promise<Response>
  /** The same without needing a session: cross-site check, problem+json for our errors, no caching. */
  readonly publicRoute: <Context = RouteContext>(
    handler: (request: Request, context: Context) => Response | Promise<Response>,
  ) => (request: Request, context: Context) => Promise<Response>
}

const REAUTHENTICATE: Problem = {
  status: 401,
  title: 'Confirm who you are to continue',
  code: 'ERR_REAUTHENTICATION_REQUIRED',
}

export function createRouteHandlers<Data>(
  engine: Engine<Data>,
  requestState: () => Promise<RequestState<Data>>,
): RouteHandlers<Data> {
  const { config } = engine

  async function guarded(request: Request, answer: () => Response | Promise<Response>): Promise<Response> {
    const reads = ['GET', 'HEAD', 'OPTIONS'].includes(request.method)
    if (!reads && isCrossSite(request.headers, config.origin)) return problemResponse(CROSS_SITE)
    try {
      return neverStored(await answer())
    } catch (error) {
      const answer = answerThrown(error, request)
      if (answer !== null) return neverStored(answer)
      if (error instanceof SessionUnknownError) return problemResponse(TEMPORARILY_UNKNOWN)
      if (error instanceof SessionNotFoundError) return problemResponse(SIGN_IN_REQUIRED)
      if (error instanceof InvalidArgumentError) {
        return problemResponse({ status: 400, title: 'The request is not valid', code: error.code })
      }
      if (error instanceof SessionLimitError || error instanceof UpdateConflictError) {
        return problemResponse({ status: 409, title: 'That is not possible right now', code: error.code })
      }
      if (error instanceof SessionTooLargeError) {
        return problemResponse({ status: 413, title: 'The session data is too large', code: error.code })
      }
      throw error
    }
  }

  return {
    publicRoute: (handler) => (request, context) => guarded(request, () => handler(request, context)),

    protectRoute: (handler, { maxAge, allow } = {}) => {
      const longest = maxAge === undefined ? null : toMilliseconds(maxAge, 'maxAge')
      return (request, context) =>
        guarded(request, async () => {
          const state = await requestState()
          const recognised = await state.recognise({ fresh: longest !== null })
          if (recognised.outcome === 'unknown') throw recognised.error
          if (recognised.outcome === 'none') {
            const response = problemResponse(SIGN_IN_REQUIRED)
            if (mayClearCookie(recognised.reason, request.headers)) {
              for (const cleared of clearedCookies(config))
                response.headers.append('set-cookie', serialiseCookie(cleared))
            }
            return response
          }
          const { session } = recognised
          const at = { authenticatedAt: session.authenticatedAt, now: config.now() }
          if (longest !== null && !isProvenWithin(longest, at)) return problemResponse(REAUTHENTICATE)
          if (allow !== undefined && !allow(session)) return problemResponse(FORBIDDEN)
          return handler(request, { ...context, session })
        })
    },
  }
}

/** The headers of a Response.redirect() can not be changed; those of a copy can. */
function neverStored(answered: Response): Response {
  const response = new Response(answered.body, answered)
  response.headers.set('cache-control', NEVER_STORE)
  return response
}
