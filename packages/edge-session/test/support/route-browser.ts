import { callRoute } from './app-route.ts'

/** What came of some work in a route handler. */
export interface Ran<Value> {
  /** What it answered; `undefined` if it threw. */
  readonly value: Value | undefined
  /** What it threw: our code, Next.js' digest of a redirect, or the error itself. */
  readonly thrown: unknown
  readonly setCookies: readonly string[]
}

/** A browser whose requests run any work inside a real route handler, and which keeps the cookie that was set. */
export interface RouteBrowser {
  /** The value of our cookie; `null` for none. */
  token: string | null
  run<Value>(work: () => Promise<Value>, headers?: Record<string, string>): Promise<Ran<Value>>
}

export function routeBrowser(token: string | null = null): RouteBrowser {
  const browser: RouteBrowser = {
    token,
    async run(work, headers = {}) {
      const ran: { value?: Awaited<ReturnType<typeof work>>; thrown?: unknown } = {}
      const answer = async () => {
        try {
          ran.value = await work()
        } catch (error) {
          ran.thrown = codeOf(error)
        }
        return new Response()
      }
      const cookie = browser.token === null ? {} : { cookie: `__Host-session=${browser.token}` }
      const response = await callRoute({ POST: answer }, 'POST', { headers: { ...cookie, ...headers } })
      const setCookies = response.headers.getSetCookie()
      for (const setCookie of setCookies) {
        const value = /^__Host-session=([^;]*)/.exec(setCookie)?.[1]
        if (value !== undefined) browser.token = value === '' ? null : value
      }
      return { value: ran.value, thrown: ran.thrown, setCookies }
    },
  }
  return browser
}

function codeOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error
  if ('code' in error) return error.code
  return 'digest' in error ? error.digest : error
}
