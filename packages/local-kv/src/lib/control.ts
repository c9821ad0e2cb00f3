import type { IncomingMessage, RequestListener } from 'node:http'
import { authorize, requestUrl, type Tokens, UNAUTHORIZED } from './authorization.ts'
import type { Barrier } from './barriers.ts'
import { BODY_TOO_LARGE, readBody } from './body.ts'
import { send } from './delivery.ts'
import { checkRule, type FaultMoment } from './fault-rule.ts'
import type { LocalKV } from './local-kv.ts'
import { FOREIGN_HOST, isLoopbackHost } from './loopback.ts'
import { checkMatch, isRecord, type Match } from './match.ts'
import { json, problem } from './reply-encoding.ts'

/** What the control port steers. */
export type Controlled = Pick<
  LocalKV,
  | 'barrier'
  | 'clearJournal'
  | 'faults'
  | 'flush'
  | 'journal'
  | 'pause'
  | 'replica'
  | 'resetStats'
  | 'resume'
  | 'stats'
>

/** The control port: everything a test in another process needs, as JSON, behind the full token. */
export function createControl(kv: Controlled, tokens: Tokens): RequestListener {
  const run = createRoutes(kv)
  return (request, response) => {
    answer(request)
      .catch((error: unknown) => {
        const message = error instanceof Error ? error.message : 'local-kv: the control request failed.'
        return problem(error instanceof TypeError ? 400 : 500, message)
      })
      .then((reply) => send(response, { reply, syncToken: null }))
  }

  async function answer(request: IncomingMessage) {
    if (!isLoopbackHost(request.headers.host)) return problem(403, FOREIGN_HOST)
    if (authorize(request, tokens) !== 'full') return problem(401, UNAUTHORIZED)
    const body = await readBody(request)
    if (!body) return problem(413, BODY_TOO_LARGE)
    const result = await run(`${request.method} ${requestUrl(request).pathname}`, () => parseBody(body))
    if (result === undefined) return problem(404, 'local-kv: there is no such control route. See the README.')
    return json(200, JSON.stringify(result))
  }
}

type Routes = (route: string, body: () => unknown) => Promise<unknown>

function createRoutes(kv: Controlled): Routes {
  const barriers = new Map<string, Barrier>()

  const routes: Readonly<Record<string, (body: () => unknown) => unknown>> = {
    'GET /__stats': kv.stats,
    'DELETE /__stats': kv.resetStats,
    'GET /rules': kv.faults.list,
    'PUT /rules': (body) => replaceRules(kv, body()),
    'DELETE /rules': kv.faults.clear,
    'GET /journal': kv.journal,
    'DELETE /journal': kv.clearJournal,
    'POST /pause': kv.pause,
    'POST /resume': kv.resume,
    'POST /flush': kv.flush,
    'POST /replica/catch-up': kv.replica.catchUp,
  }

  const barrierRoutes: Readonly<Record<string, (name: string, body: () => unknown) => unknown>> = {
    POST(name, body) {
      const { match, when } = parseBarrier(body())
      barriers.get(name)?.release()
      barriers.set(name, kv.barrier(match, when))
    },
    GET: (name) => ({ armed: barriers.has(name), waiting: barriers.get(name)?.waiting() ?? 0 }),
    DELETE(name) {
      barriers.get(name)?.release()
      barriers.delete(name)
    },
  }

  return async (route, body) => {
    const [, method = '', name] = /^(\w+) \/barriers\/([\w.-]+)$/.exec(route) ?? []
    if (name !== undefined && Object.hasOwn(barrierRoutes, method)) {
      return (await barrierRoutes[method]?.(name, body)) ?? {}
    }
    return Object.hasOwn(routes, route) ? ((await routes[route]?.(body)) ?? {}) : undefined
  }
}

/** All or nothing: a malformed rule leaves the old ones in force. */
function replaceRules(kv: Controlled, rules: unknown): unknown {
  if (!Array.isArray(rules))
    throw new TypeError('local-kv: the body is not a list of rules. Send a JSON array.')
  for (const rule of rules) checkRule(rule)
  kv.faults.clear()
  for (const rule of rules) kv.faults.add(rule)
  return kv.faults.list()
}

function parseBarrier(body: unknown): { match: Match; when: FaultMoment } {
  const { match = {}, when = 'before' } = isRecord(body) ? body : {}
  checkMatch(match)
  if (when !== 'before' && when !== 'after')
    throw new TypeError('local-kv: when of a barrier is wrong. Use before or after.')
  return { match, when }
}

function parseBody(body: Buffer): unknown {
  try {
    return body.length === 0 ? undefined : JSON.parse(body.toString())
  } catch {
    throw new TypeError('local-kv: the body is not JSON. Correct it.')
  }
}
