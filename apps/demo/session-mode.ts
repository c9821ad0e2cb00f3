import {
  type EdgeSession,
  type EdgeSessionOptions,
  createEdgeSession as edgeSession,
  type JsonObject,
  type StatelessEdgeSession,
} from 'edge-session'
import { problem } from './problem'
import { isStateless } from './session-options'

/**
 * Stands in for the library's function, so that SESSION_MODE=stateless shows the same app without KV. Yours has one mode:
 * import the function from 'edge-session' and leave this file out.
 */
export function createEdgeSession(options: EdgeSessionOptions): EdgeSession<JsonObject> {
  return isStateless ? refusing(edgeSession({ ...options, mode: 'stateless' })) : edgeSession(options)
}

/** What a stateless instance does not have says so: 501 from a route, an error elsewhere. */
function refusing(instance: StatelessEdgeSession<JsonObject>): EdgeSession<JsonObject> {
  const protectRoute: typeof instance.protectRoute = (handler, options) =>
    instance.protectRoute(async (request, context) => {
      try {
        return await handler(request, context)
      } catch (error) {
        if (error instanceof StatelessError) return notImplemented()
        throw error
      }
    }, options)
  const refused = instance.protectRoute(notImplemented)
  return {
    ...instance,
    protectRoute,
    listSessions: refuse,
    revokeSession: refuse,
    revokeOtherSessions: refuse,
    revokeAllSessions: refuse,
    sessionHandlers: (options) => ({
      ...instance.sessionHandlers(options),
      sessions: { GET: refused, POST: refused, DELETE: refused },
      cleanup: { GET: instance.publicRoute(notImplemented) },
    }),
  }
}

const CAN_NOT = 'Stateless sessions can not be listed or revoked'

class StatelessError extends Error {}

async function refuse(): Promise<never> {
  throw new StatelessError(CAN_NOT)
}

function notImplemented(): Response {
  return problem(501, { title: CAN_NOT, code: 'ERR_STATELESS' })
}
