/** What is asked for. */
export interface Target {
  readonly name: 'page' | 'api' | 'ping'
  readonly path: string
  /** Whether an answer is the one that this user has to get. */
  readonly isFor: (userId: string, body: string) => boolean
}

/** A page and its layout, which both ask for the session. */
export const PAGE: Target = {
  name: 'page',
  path: '/dashboard',
  isFor: (userId, body) =>
    body.includes(`data-layout-user="${userId}"`) && body.includes(`data-page-user="${userId}"`),
}

/** A route handler that asks for the session. */
export const API: Target = {
  name: 'api',
  path: '/api/me',
  isFor: (userId, body) => body === JSON.stringify({ userId }),
}

/** A route handler that does not, so what a request costs is what the proxy costs. */
export const PING: Target = {
  name: 'ping',
  path: '/api/ping',
  isFor: (_userId, body) => body === JSON.stringify({ pong: true }),
}
