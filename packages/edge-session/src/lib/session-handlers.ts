import { clearedCookies, serialiseCookie } from './cookie.ts'
import type { DeviceFunctions } from './devices.ts'
import { toBytes } from './encoding.ts'
import { environment } from './environment.ts'
import { ConfigurationError } from './errors.ts'
import type { RouteContext, RouteHandlers } from './handlers.ts'
import type { KVEngine } from './kv-engine.ts'
import { type Problem, problemResponse } from './problem.ts'
import type { RequestState } from './request-state.ts'
import type { SessionFunctions } from './server.ts'
import type { ListedSession, Session } from './session.ts'
import type { SessionStore } from './session-store.ts'

export interface SessionHandlersOptions<Data> {
  /**
   * What of the session's data `useSession()` gets. Every script of the page can read it, and who can run one there
   * with it. Default: all of `session.data`.
   */
  readonly expose?: (session: Session<Data>) => object
  /** What the cron job proves itself with; 16 random characters or more. Default: `CRON_SECRET`. */
  readonly cronSecret?: string
  /**
   * What else of this site the browser is to clear once this session was ended here, in a `Clear-Site-Data` header (ASVS
   * 14.3.1): `cache` holds pages that Back would show, `cookies` are those of other parts of the site and of its
   * subdomains too, `storage` is everything that scripts keep. Browsers heed it over https and on localhost. Default: none.
   */
  readonly clearSiteData?: readonly ('cache' | 'cookies' | 'storage')[]
}

const CLEARED = ['cache', 'cookies', 'storage'] as const

/** A route handler, as `route.ts` exports it. */
export type SessionHandler = (request: Request, context: RouteContext) => Promise<Response>

/**
 * Ready-made routes, one line each. They answer problem+json, refuse cross-site changes, and stay out of every cache.
 * A GET changes nothing.
 */
export interface CurrentSessionHandlers {
  /**
   * `app/api/session/route.ts`: `export const { GET } = sessionHandlers().session`. What `useSession()` asks:
   * `{ session }` or `{ session: null }`, never 401; 503 when it is not known.
   */
  readonly session: { readonly GET: SessionHandler }
  /**
   * `app/api/auth/logout/route.ts`: `export const { POST } = sessionHandlers().logout`. 204 when the session is gone;
   * 503 when KV does not answer: then the browser forgets the cookie, but the session may live on.
   */
  readonly logout: { readonly POST: SessionHandler }
}

/** The routes of an instance with a store. */
export interface SessionHandlers extends CurrentSessionHandlers {
  /**
   * `app/api/sessions/[[...path]]/route.ts`: `export const { GET, POST, DELETE } = sessionHandlers().sessions`. What
   * `useSessions()` asks. GET lists the user's sessions; `DELETE …/:id` ends one of them: 204, or 404 if there is no
   * such; `POST …/revoke-others` and `POST …/revoke-all` answer `{ revoked }`.
   */
  readonly sessions: {
    readonly GET: SessionHandler
    readonly POST: SessionHandler
    readonly DELETE: SessionHandler
  }
  /**
   * `app/api/cron/cleanup/route.ts`: `export const { GET } = sessionHandlers().cleanup`. Removes what a store without
   * expiry has left: `{ cleaned }`. KV needs none of it, there `cleaned` is 0. Wants `Authorization: Bearer <secret>`,
   * which Vercel sends by itself; without a secret configured it answers 401 to everyone.
   */
  readonly cleanup: { readonly GET: SessionHandler }
}

const NOT_FOUND: Problem = { status: 404, title: 'There is no such session', code: 'ERR_NOT_FOUND' }
const SECRET_REQUIRED: Problem = {
  status: 401,
  title: 'The cron secret is missing or wrong',
  code: 'ERR_CRON_SECRET',
  headers: { 'www-authenticate': 'Bearer' },
}

/** The routes that need no store. */
export function createCurrentSessionHandlers<Data>(
  { functions, routes }: { functions: SessionFunctions<Data>; routes: RouteHandlers<Data> },
  options: SessionHandlersOptions<Data> = {},
): CurrentSessionHandlers {
  const { expose = dataOf } = options
  const { publicRoute } = routes
  const ended = endedWith(options)
  return {
    session: {
      GET: publicRoute(async () => {
        const found = await functions.lookupSession()
        if (found.outcome === 'unknown') throw found.error
        const session = found.outcome === 'active' ? exposed(found.session, expose) : null
        return Response.json({ session })
      }),
    },

    logout: {
      POST: publicRoute(async () => {
        await functions.destroySession()
        return new Response(null, { ...ended, status: 204 })
      }),
    },
  }
}

export function createSessionHandlers<Data>(
  app: {
    engine: KVEngine<Data, SessionStore>
    functions: SessionFunctions<Data> & DeviceFunctions<Data>
    routes: RouteHandlers<Data>
    requestState: () => Promise<RequestState<Data>>
  },
  options: SessionHandlersOptions<Data> = {},
): SessionHandlers {
  const { engine, functions } = app
  const { publicRoute, protectRoute } = app.routes
  const { config } = engine
  const ended = endedWith(options)

  return {
    ...createCurrentSessionHandlers(app, options),

    sessions: {
      GET: protectRoute(async (_request, context) => {
        if ((await pathOf(context)).length > 0) return problemResponse(NOT_FOUND)
        return Response.json((await functions.listSessions()).map(listed))
      }),

      POST: protectRoute(async (_request, context) => {
        const [action, ...more] = await pathOf(context)
        if (action === 'revoke-others' && more.length === 0) {
          return Response.json({ revoked: await functions.revokeOtherSessions() })
        }
        if (action !== 'revoke-all' || more.length > 0) return problemResponse(NOT_FOUND)
        // A session that was revoked, and that a cache does not know of yet, ends no other.
        await (await app.requestState()).requireActive({ fresh: config.cache !== null })
        const revoked = await functions.revokeAllSessions(context.session.userId)
        const response = Response.json({ revoked }, ended)
        for (const cleared of clearedCookies(config))
          response.headers.append('set-cookie', serialiseCookie(cleared))
        return response
      }),

      DELETE: protectRoute(async (_request, context) => {
        const [id = '', ...more] = await pathOf(context)
        const own = id === context.session.id
        const gone =
          more.length === 0 && (await (own ? functions.destroySession() : functions.revokeSession(id)))
        return gone ? new Response(null, { ...(own && ended), status: 204 }) : problemResponse(NOT_FOUND)
      }),
    },

    cleanup: {
      GET: publicRoute(async (request) => {
        const [, presented = ''] = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
        if (!(await isSame(presented, options.cronSecret ?? environment('CRON_SECRET')))) {
          return problemResponse(SECRET_REQUIRED)
        }
        const cleaned = (await engine.parts().store.cleanUp?.({ now: config.now() })) ?? 0
        return Response.json({ cleaned })
      }),
    },
  }
}

/** What an answer that ends this browser's session says besides. @throws ConfigurationError */
function endedWith({ clearSiteData = [] }: SessionHandlersOptions<never>): ResponseInit {
  if (!Array.isArray(clearSiteData) || !clearSiteData.every((kind) => CLEARED.includes(kind)))
    throw new ConfigurationError(`"clearSiteData" takes ${CLEARED.map((kind) => `"${kind}"`).join(', ')}.`)
  const kinds = clearSiteData.map((kind) => `"${kind}"`).join(', ')
  return kinds === '' ? {} : { headers: { 'clear-site-data': kinds } }
}

function dataOf<Data>({ data }: Session<Data>): object {
  return data as object
}

/** Without what was recorded of device and address. */
function exposed<Data>(session: Session<Data>, expose: (session: Session<Data>) => object): object {
  const { id, userId, role, createdAt, authenticatedAt, lastSeenAt, expiresAt } = session
  return { id, userId, role, createdAt, authenticatedAt, lastSeenAt, expiresAt, data: expose(session) }
}

function listed({ id, current, createdAt, lastSeenAt, userAgent, ip }: ListedSession<unknown>): object {
  return { id, current, createdAt, lastSeenAt, userAgent, ip }
}

/** The segments that `[[...path]]`, or `[id]`, stands for. */
async function pathOf({ params }: RouteContext): Promise<readonly string[]> {
  return Object.values(await params).flatMap((segments) => segments ?? [])
}

/**
 * Compares without telling by its time how much is right: HMACs under a key that nobody knows, of which WebCrypto
 * compares all bytes whatever the length of the texts.
 * Without an expected secret nothing is the same, so a forgotten variable opens nothing.
 */
async function isSame(presented: string, expected: string | undefined): Promise<boolean> {
  if (expected === undefined || expected === '') return false
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const random = crypto.getRandomValues(new Uint8Array(32))
  const key = await crypto.subtle.importKey('raw', random, hmac, false, ['sign', 'verify'])
  const mac = await crypto.subtle.sign('HMAC', key, toBytes(expected))
  return crypto.subtle.verify('HMAC', key, mac, toBytes(presented))
}
