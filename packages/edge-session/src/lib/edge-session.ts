import { createEngine } from './engine.ts'
import { createRouteHandlers, type RouteHandlers } from './handlers.ts'
import { kvStore } from './kv-store.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import type { EdgeSessionOptions } from './options.ts'
import { createProxyFunction, type ProxyFunction, type SessionProxyHandler } from './proxy.ts'
import type { JsonObject } from './record.ts'
import { createRequestStates } from './request-state.ts'
import { createSessionFunctions, type SessionFunctions } from './server.ts'
import {
  createSessionHandlers,
  type SessionHandlers,
  type SessionHandlersOptions,
} from './session-handlers.ts'

/** One configured instance: what the proxy, pages, actions and route handlers of an app share. */
export interface EdgeSession<Data> extends SessionFunctions<Data>, RouteHandlers<Data> {
  /**
   * For `proxy.ts` (`export { proxy } from './session'`) or `middleware.ts` (`export { proxy as middleware } …`).
   * Recognises the visitor with at most one KV command, guards the `protect`ed paths, and hands the verified session
   * to the page.
   */
  readonly proxy: ProxyFunction
  /** The same in front of another proxy, such as next-intl's. */
  readonly withSession: (handler: SessionProxyHandler<Data>) => ProxyFunction
  /** Routes ready to be mounted: the current session, the user's sessions, sign-out, clean-up. */
  readonly sessionHandlers: (options?: SessionHandlersOptions<Data>) => SessionHandlers
  /** Throws `ERR_CONFIGURATION` if the environment is incomplete; call it from `instrumentation.ts` to fail at start. */
  readonly assertConfigured: () => void
}

/**
 * Makes an instance. Options are checked here and now; environment variables when they are first needed, so that an
 * app can be built where its secrets are not.
 *
 * @example
 * export const { proxy, getSession, requireSession, createSession, destroySession } = createEdgeSession<{ theme?: string }>({
 *   protect: { routes: ['/dashboard/:path*'], signIn: '/login' },
 * })
 * @throws ConfigurationError
 */
export function createEdgeSession<Data extends object = JsonObject>(
  options: EdgeSessionOptions<Data> = {},
): EdgeSession<Data> {
  const engine = createEngine(options, kvStore)
  let made: Lifecycle | undefined
  const lifecycle = () => {
    made ??= createLifecycle(engine.parts())
    return made
  }
  const requestState = createRequestStates(engine)
  const functions = createSessionFunctions({ engine, lifecycle, requestState })
  const routes = createRouteHandlers(engine, requestState)
  return {
    ...functions,
    ...routes,
    sessionHandlers: (handlerOptions) => createSessionHandlers({ engine, functions, routes }, handlerOptions),
    proxy: createProxyFunction(engine),
    withSession: (handler) => createProxyFunction(engine, handler),
    assertConfigured: () => void engine.parts(),
  }
}
