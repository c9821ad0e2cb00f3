import { createDeviceFunctions, type DeviceFunctions } from './devices.ts'
import type { Engine } from './engine.ts'
import { createRouteHandlers, type RouteHandlers } from './handlers.ts'
import { createKVEngine } from './kv-engine.ts'
import { kvStore } from './kv-store.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import type { EdgeSessionOptions, StatelessOptions } from './options.ts'
import { createProxyFunction, type ProxyFunction } from './proxy.ts'
import type { JsonObject } from './record.ts'
import { createRequestStates } from './request-state.ts'
import { createSessionFunctions, type SessionFunctions } from './server.ts'
import {
  type CurrentSessionHandlers,
  createCurrentSessionHandlers,
  createSessionHandlers,
  type SessionHandlers,
  type SessionHandlersOptions,
} from './session-handlers.ts'
import { createStatelessEngine } from './stateless-engine.ts'
import { respondWith, type SessionProxyHandler } from './with-session.ts'

/** What every instance offers to the proxy, pages, actions and route handlers of an app. */
export interface StatelessEdgeSession<Data> extends SessionFunctions<Data>, RouteHandlers<Data> {
  /** Routes ready to be mounted: the current session, sign-out. */
  readonly sessionHandlers: (options?: SessionHandlersOptions<Data>) => CurrentSessionHandlers
  /**
   * For `proxy.ts` (`export { proxy } from './session'`) or `middleware.ts` (`export { proxy as middleware } …`).
   * Recognises the visitor with at most one KV command, guards the `protect`ed paths, and hands the verified session
   * to the page.
   */
  readonly proxy: ProxyFunction
  /** The same in front of another proxy, such as next-intl's. */
  readonly withSession: (handler: SessionProxyHandler<Data>) => ProxyFunction
  /** Throws `ERR_CONFIGURATION` if the environment is incomplete; call it from `instrumentation.ts` to fail at start. */
  readonly assertConfigured: () => void
}

/** One configured instance whose sessions live in KV: revocable at once, and listed by device. */
export interface EdgeSession<Data> extends StatelessEdgeSession<Data>, DeviceFunctions<Data> {
  /** Routes ready to be mounted: the current session, the user's sessions, sign-out, clean-up. */
  readonly sessionHandlers: (options?: SessionHandlersOptions<Data>) => SessionHandlers
}

/**
 * Makes an instance. Options are checked here and now; environment variables when they are first needed, so that an
 * app can be built where its secrets are not.
 *
 * With `mode: 'stateless'` the cookie itself holds the sealed session and there is no KV: what is returned then has
 * nothing to list or revoke sessions with, as nothing could.
 *
 * @example
 * export const { proxy, getSession, requireSession, createSession, destroySession } = createEdgeSession<{ theme?: string }>({
 *   protect: { routes: ['/dashboard/:path*'], signIn: '/login' },
 * })
 * @throws ConfigurationError
 */
export function createEdgeSession<Data extends object = JsonObject>(
  options: StatelessOptions<Data>,
): StatelessEdgeSession<Data>
export function createEdgeSession<Data extends object = JsonObject>(
  options?: EdgeSessionOptions<Data>,
): EdgeSession<Data>
export function createEdgeSession<Data extends object = JsonObject>(
  options: EdgeSessionOptions<Data> | StatelessOptions<Data> = {},
): EdgeSession<Data> | StatelessEdgeSession<Data> {
  return options.mode === 'stateless' ? createStateless(options) : createStateful(options)
}

function createStateless<Data>(options: StatelessOptions<Data>): StatelessEdgeSession<Data> {
  const engine = createStatelessEngine(options)
  const requestState = createRequestStates(engine)
  const functions = createSessionFunctions({ engine, writer: engine.writer, requestState })
  const routes = createRouteHandlers(engine, requestState)
  return {
    ...functions,
    ...routes,
    ...proxiesOf(engine),
    sessionHandlers: (handlerOptions) => createCurrentSessionHandlers({ functions, routes }, handlerOptions),
  }
}

function createStateful<Data>(options: EdgeSessionOptions<Data>): EdgeSession<Data> {
  const engine = createKVEngine(options, kvStore)
  const requestState = createRequestStates(engine)
  let made: Lifecycle | undefined
  const lifecycle = () => {
    made ??= createLifecycle(engine.parts())
    return made
  }
  const functions = {
    ...createSessionFunctions({ engine, writer: lifecycle, requestState }),
    ...createDeviceFunctions({ engine, lifecycle, requestState }),
  }
  const routes = createRouteHandlers(engine, requestState)
  return {
    ...functions,
    ...routes,
    ...proxiesOf(engine),
    sessionHandlers: (handlerOptions) =>
      createSessionHandlers({ engine, functions, routes, requestState }, handlerOptions),
  }
}

function proxiesOf<Data>(
  engine: Engine<Data>,
): Pick<StatelessEdgeSession<Data>, 'proxy' | 'withSession' | 'assertConfigured'> {
  return {
    proxy: createProxyFunction(engine),
    withSession: (handler) => createProxyFunction(engine, respondWith(handler)),
    assertConfigured: () => engine.assertConfigured(),
  }
}
