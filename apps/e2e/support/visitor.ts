import { CookieJar } from 'tough-cookie'
import { type Outgoing, type Reply, send } from './http.ts'

/** A browser without a screen: keeps cookies as RFC 6265bis says, follows nothing by itself. */
export interface Visitor {
  get(path: string, headers?: Outgoing['headers']): Promise<Reply>
  /** As a page of the site itself would: with Origin and Sec-Fetch-Site. */
  post(path: string, body?: unknown, headers?: Outgoing['headers']): Promise<Reply>
  send(path: string, outgoing?: Outgoing): Promise<Reply>
  /** Signs in through the API and fails loudly if that does not work. */
  signIn(user: string, options?: { readonly remember?: boolean }): Promise<Reply>
  /** The Cookie header of its next request. */
  cookie(): string
  /** The session cookie's value; `''` when it has none. */
  token(): string
  /** Another visitor with a copy of the cookies as they are now, such as a thief. */
  copy(): Visitor
  /** The same visitor, sent to another instance of the app. */
  at(origin: string): Visitor
  readonly jar: CookieJar
}

// A Secure cookie is kept and sent only if the site is https, as it would be for real.
const SITE = 'https://demo.test/'

export function createVisitor(origin: string, jar: CookieJar = newJar()): Visitor {
  const visitor: Visitor = {
    jar,
    async send(path, outgoing = {}) {
      const cookie = visitor.cookie()
      const headers = { ...(cookie === '' ? {} : { cookie }), ...outgoing.headers }
      const reply = await send(origin + path, { ...outgoing, headers })
      for (const line of reply.setCookies) jar.setCookieSync(line, SITE, { ignoreError: true })
      return reply
    },
    get: (path, headers = {}) => visitor.send(path, { headers }),
    post: (path, body, headers = {}) =>
      visitor.send(path, {
        method: 'POST',
        headers: { ...jsonHeaders(body), origin, 'sec-fetch-site': 'same-origin', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async signIn(user, options = {}) {
      const reply = await visitor.post('/api/auth/login', { user, pass: `demo-${user}`, ...options })
      if (reply.status !== 200) throw new Error(`signing in answers ${reply.status}: ${reply.text}`)
      return reply
    },
    cookie: () => jar.getCookieStringSync(SITE),
    token: () => /(?:^|; )(?:__Host-)?session=([^;]*)/.exec(visitor.cookie())?.[1] ?? '',
    copy: () => createVisitor(origin, CookieJar.deserializeSync(jar.serializeSync() ?? '')),
    at: (other) => createVisitor(other, jar),
  }
  return visitor
}

function newJar(): CookieJar {
  return new CookieJar(undefined, { prefixSecurity: 'strict' })
}

function jsonHeaders(body: unknown): Record<string, string> {
  return body === undefined ? {} : { 'content-type': 'application/json' }
}
