import { useCallback, useContext, useEffect, useRef, useState } from 'react'
import { Current } from './client-context.ts'
import { type Answer, request } from './client-request.ts'
import { type ClientListedSession, reviveDates } from './client-session.ts'

export interface SessionListOptions {
  /**
   * Of the page's `listSessions()`, for a list that is there at once. All of it stands in the HTML: take these fields, not
   * whole sessions with their data. A new list wins. Default: asks the endpoint.
   */
  readonly sessions?: readonly ClientListedSession[] | undefined
  /** Where `sessionHandlers().sessions` is mounted. Default `'/api/sessions'`. */
  readonly endpoint?: string
}

/** What `useSessions()` gives. */
export interface SessionList {
  /** The user's live sessions, the last used first. Those being revoked are out already, and come back on failure. */
  readonly sessions: readonly ClientListedSession[]
  /** `unknown`: the server could not tell; `sessions` are the last that were known. */
  readonly status: 'loading' | 'ready' | 'unknown'
  /**
   * Code of what failed last (`ERR_SESSION_UNKNOWN`, `ERR_SESSION_NOT_FOUND`, …; `ERR_NO_ANSWER` when offline). `null`
   * again after the next success.
   */
  readonly error: string | null
  /**
   * Signs out one device. Resolves to whether no session has this id any more; revoking the current one signs out here. A
   * session that was given another id meanwhile, by step-up or rotation, is in the list again under that.
   */
  readonly revoke: (id: string) => Promise<boolean>
  /** Signs out all devices but this one. Resolves to whether that is done. */
  readonly revokeOthers: () => Promise<boolean>
  readonly refresh: () => Promise<void>
}

/** A session manager without its looks: where the user is signed in, and buttons to end that. */
export function useSessions({
  sessions: given,
  endpoint = '/api/sessions',
}: SessionListOptions = {}): SessionList {
  const [list, setList] = useState<List>({ given, sessions: given ?? null, failed: false })
  if (given !== undefined && list.given !== given) setList({ given, sessions: given, failed: false })
  // Ids are never used twice, so what is revoked may stay in here.
  const [revoked, setRevoked] = useState<ReadonlySet<string>>(new Set())
  const [error, setError] = useState<string | null>(null)
  const current = useContext(Current)
  const refreshCurrent = current?.refresh
  const user = current?.session?.userId
  const [listed, setListed] = useState(user)
  const signedOut = current?.status === 'none'
  // Somebody else has signed in, or nobody is any more: what is here is not theirs.
  if (listed !== user && (user !== undefined || signedOut)) {
    setListed(user)
    if (listed !== undefined && given === undefined) setList({ given, sessions: null, failed: false })
  }
  const turn = useRef(0)

  const ask = useCallback(
    async (path: string, method: 'GET' | 'POST' | 'DELETE'): Promise<Answer> => {
      const answer = await request(endpoint + path, { method })
      // Gone already is what was wanted.
      setError(answer.code === 'ERR_NOT_FOUND' ? null : answer.code)
      if (answer.code === 'ERR_SESSION_NOT_FOUND') await refreshCurrent?.()
      return answer
    },
    [endpoint, refreshCurrent],
  )

  const refresh = useCallback(async () => {
    turn.current += 1
    const mine = turn.current
    const answer = await ask('', 'GET')
    if (mine !== turn.current) return
    // Proven: there is nobody whose sessions these could be.
    const none = answer.code === 'ERR_SESSION_NOT_FOUND' ? [] : null
    const sent = answer.code === null && Array.isArray(answer.body) ? answer.body : none
    const sessions = sent?.map((one) => reviveDates<ClientListedSession>(one))
    setList((before) => ({ ...before, sessions: sessions ?? before.sessions, failed: sent === null }))
  }, [ask])

  // biome-ignore lint/correctness/useExhaustiveDependencies: asks again for another user.
  useEffect(() => {
    if (given === undefined && !signedOut) void refresh()
  }, [given, refresh, listed])

  // Whoever sits here after a sign-out is not shown where somebody was signed in.
  const shown = signedOut ? [] : list.sessions
  const sessions = (shown ?? []).filter(({ id }) => !revoked.has(id))

  /** Takes `ids` out of the list, and puts them back in unless they are gone. */
  async function hideWhile(ids: readonly string[], answering: Promise<Answer>): Promise<boolean> {
    setRevoked((before) => new Set([...before, ...ids]))
    const { code } = await answering
    // Gone already, or only its id, as that of a session that was proven again meanwhile: the list knows.
    if (code === 'ERR_NOT_FOUND') await refresh()
    if (code === null || code === 'ERR_NOT_FOUND') return true
    setRevoked((before) => new Set([...before].filter((id) => !ids.includes(id))))
    return false
  }

  return {
    sessions,
    status: list.failed ? 'unknown' : shown === null ? 'loading' : 'ready',
    error,
    refresh,

    async revoke(id) {
      const gone = await hideWhile([id], ask(`/${id}`, 'DELETE'))
      if (gone && sessions.some((session) => session.current && session.id === id)) await refreshCurrent?.()
      return gone
    },

    revokeOthers() {
      const others = sessions.filter(({ current }) => !current).map(({ id }) => id)
      return hideWhile(others, ask('/revoke-others', 'POST'))
    },
  }
}

interface List {
  readonly given: readonly ClientListedSession[] | undefined
  /** `null`: not known yet. */
  readonly sessions: readonly ClientListedSession[] | null
  readonly failed: boolean
}
