import type { Reply } from './http-pool.ts'

/** What a visitor expects of an answer to one of its reads. */
export interface Expected {
  readonly user: string
  /** Stands in the data of this session and of no other. */
  readonly mark: string
  /** Whether the app has confirmed that it stands there. */
  readonly marked: boolean
}

export type Verdict =
  | 'right'
  /** The answer is somebody else's. */
  | 'wrong-identity'
  /** Whoever was signed in is taken for signed out. */
  | 'lost'
  /** Whoever was signed out is taken for signed in. */
  | 'revived'
  /** 503, or on a public page nobody: KV did not say who it is. */
  | 'unavailable'
  /** Anything else. */
  | 'unexpected'

export type Page = 'dashboard' | 'me' | 'whoami' | 'public'

export const PATHS: Readonly<Record<Page, string>> = {
  dashboard: '/dashboard',
  me: '/api/me',
  whoami: '/api/whoami',
  public: '/public',
}

/** Judges the answer to a read of somebody who is signed in. */
export function judge(page: Page, reply: Reply, expected: Expected): Verdict {
  if (clearsCookie(reply)) return 'lost'
  if (reply.status === 503) return 'unavailable'
  if (reply.status === 401 || reply.location.includes('/login')) return 'lost'
  if (reply.status !== 200) return 'unexpected'
  return JUDGES[page](reply.text, expected)
}

const JUDGES: Readonly<Record<Page, (text: string, expected: Expected) => Verdict>> = {
  dashboard: (text, { user }) => {
    const shown = usersShown(text)
    if (shown.some((other) => other !== user)) return 'wrong-identity'
    return shown.length > 0 && text.includes('secret:dashboard') ? 'right' : 'unexpected'
  },
  public: (text, { user }) => {
    const shown = usersShown(text)
    if (shown.some((other) => other !== user)) return 'wrong-identity'
    if (shown.length > 0) return 'right'
    return text.includes('anonymous') ? 'unavailable' : 'unexpected'
  },
  me: (text, { user, mark, marked }) => {
    const { userId, data } = JSON.parse(text) as { userId: string; data: { mark?: string } }
    const isMine = data.mark === mark || (data.mark === undefined && !marked)
    return userId === user && isMine ? 'right' : 'wrong-identity'
  },
  whoami: (text, { user }) => {
    const { header, session } = JSON.parse(text) as { header: string | null; session: string | null }
    const named = [header, session].filter((id) => id !== null)
    if (named.some((id) => id !== user)) return 'wrong-identity'
    return named.length === 2 ? 'right' : named.length === 0 ? 'unavailable' : 'unexpected'
  },
}

/** Every user a page names, in its header and its body. */
export function usersShown(html: string): readonly string[] {
  return [...html.matchAll(/<bdi class="user-id"[^>]*>([^<]*)<\/bdi>/g)].map(([, text = '']) =>
    text.replace(/&(amp|lt|gt|quot|#x27);/g, (entity) => ENTITIES[entity] ?? entity),
  )
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
}

export function clearsCookie({ setCookies }: Reply): boolean {
  return setCookies.some((cookie) => cookie.startsWith('__Host-session=;'))
}

/** The token that an answer sets; `null` if it sets none. */
export function tokenSetBy({ setCookies }: Reply): string | null {
  for (const cookie of setCookies) {
    const [, token = ''] = /^__Host-session=([^;]+)/.exec(cookie) ?? []
    if (token !== '') return token
  }
  return null
}
