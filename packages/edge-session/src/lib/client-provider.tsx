import { useRouter } from 'next/navigation.js'
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Current, type CurrentSession } from './client-context.ts'
import { endOf, fromAnswer, fromPage, isNews, type Knowledge, NOTHING, signInOf } from './client-knowledge.ts'
import { request } from './client-request.ts'
import type { ClientSession } from './client-session.ts'
import { wakeAt } from './client-timer.ts'
import { type Duration, toMilliseconds } from './duration.ts'

export interface SessionProviderProps {
  /**
   * The server's session, from `await getSession()` in the layout. It is what the first paint shows, so nobody is seen
   * signed out for a moment; and when the server renders again, after a server action, the new one wins over whatever
   * the browser knew. `null`: there is none. `undefined`: this page does not know, as it was prerendered; then the
   * endpoint is asked, and the status is `'loading'` meanwhile.
   *
   * All of it can be read by every script of the page and stands in its HTML. Leave out what those may not know:
   * `session && { ...session, data: {} }`.
   */
  readonly session: ClientSession<unknown> | null | undefined
  /** Where `sessionHandlers().session` is mounted. It must answer without a session too. Default `'/api/session'`. */
  readonly endpoint?: string
  /** How long before its end `endsSoon` is set. Default `'2m'`. */
  readonly warnBefore?: Duration
  /**
   * Asks the endpoint when the visitor comes back to the tab (at most every 5 s), so that a session revoked elsewhere
   * is noticed. Default `true`.
   */
  readonly refetchOnFocus?: boolean
  /**
   * Somebody signed in, out, or proved again who they are, and the page does not know yet: it happened in another tab,
   * or at expiry. Default: `router.refresh()`, so that what the server rendered for one user is not left standing for
   * the next.
   */
  readonly onChange?: (session: ClientSession<unknown> | null) => void
  readonly children?: ReactNode
}

/**
 * Gives the client components below it the session. Put it in the root layout, around `children`. All tabs of the
 * browser follow when one signs in or out: they are told that something changed, never what, and ask the server.
 */
export function SessionProvider(props: SessionProviderProps): ReactNode {
  const { session, endpoint = '/api/session', warnBefore = '2m', refetchOnFocus = true, onChange } = props
  const warning = toMilliseconds(warnBefore, 'warnBefore')
  const [known, setKnown] = useState(() => fromPage(NOTHING, session))
  if (isNews(known, session)) setKnown(fromPage(known, session))
  const router = useMountedRouter()
  const channel = useRef<BroadcastChannel>(null)
  const own = useRef<Own>({
    known,
    onChange: () => {},
    turn: 0,
    askedAt: 0,
    asking: Promise.resolve(known),
    signIn: null,
    refreshing: false,
  })

  useEffect(() => {
    own.current.known = known
    own.current.onChange = onChange ?? refreshPage
    function refreshPage(): void {
      own.current.refreshing = true
      router?.refresh()
    }
  })

  const ask = useCallback(
    (why: 'activity' | 'passive' | 'heard'): Promise<Knowledge> => {
      const at = own.current
      const { given } = at.known
      at.turn += 1
      const { turn } = at
      at.askedAt = Date.now()
      at.asking = request(endpoint, { passive: why !== 'activity' }).then((answer) => {
        // Asked again meanwhile: the later answer is the one that counts, for all who wait.
        if (turn !== at.turn) return at.asking
        // The server rendered the page meanwhile. Which of the two is the newer one nobody knows.
        if (given !== at.known.given) return ask(why)
        const next = fromAnswer(at.known, answer, why === 'heard' ? 'heard' : 'own')
        setKnown(next)
        return next
      })
      return at.asking
    },
    [endpoint],
  )

  const refresh = useCallback(async () => {
    const next = await ask('activity')
    if (next.endsSoon === null) return
    // The server records activity behind its answer, so the new end is known to the next one.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await ask('passive')
  }, [ask])

  useEffect(() => {
    if (typeof BroadcastChannel === 'undefined') return
    const opened = new BroadcastChannel(NAME)
    opened.onmessage = () => void ask('heard')
    channel.current = opened
    return () => opened.close()
  }, [ask])

  useEffect(() => {
    if (known.status === 'unknown' || known.status === 'loading') return
    const at = own.current
    const before = at.signIn
    at.signIn = signInOf(known)
    const byRefresh = known.source === 'page' && at.refreshing
    if (before === at.signIn) return
    const news = showedAnother(known) ?? before !== null
    // What was heard the others have heard too.
    if (news && known.source !== 'heard' && !byRefresh) channel.current?.postMessage('changed')
    if (before !== null && known.source !== 'page') at.onChange(known.session)
  }, [known])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the page has come, be it the same as before.
  useEffect(() => {
    own.current.refreshing = false
  }, [session])

  useEffect(() => {
    if (known.status === 'loading') return void ask('passive')
    const now = Date.now()
    const end = endOf(known) ?? Number.POSITIVE_INFINITY
    const near = end - now <= warning
    // No longer near, too, once it is known how wrong this device's clock is.
    if (near !== (known.endsSoon !== null)) {
      const endsSoon = near ? new Date(end) : null
      return setKnown((latest) => (latest === known ? { ...known, endsSoon } : latest))
    }
    // A second late, as servers tell the time to the second; and never in a hurry, whatever the clocks say.
    const due = near ? Math.max(end, now + 1_000) + 1_000 : end - warning
    return wakeAt(known.status === 'unknown' ? now + 30_000 : due, () => void ask('passive'))
  }, [known, warning, ask])

  useEffect(() => {
    const listening = new AbortController()
    const { signal } = listening
    const cameBack = () => {
      const rested = Date.now() - own.current.askedAt > 5_000
      if (refetchOnFocus && rested && document.visibilityState === 'visible') void ask('passive')
    }
    own.current.askedAt = Date.now()
    window.addEventListener('focus', cameBack, { signal })
    document.addEventListener('visibilitychange', cameBack, { signal })
    window.addEventListener('online', () => void ask('passive'), { signal })
    // A page out of the back/forward cache is as old as it looks.
    window.addEventListener('pageshow', ({ persisted }) => persisted && void ask('passive'), { signal })
    return () => listening.abort()
  }, [refetchOnFocus, ask])

  const { status, endsSoon } = known
  const current = useMemo(
    () => ({ session: known.session, status, endsSoon, refresh }) as CurrentSession<unknown>,
    [known.session, status, endsSoon, refresh],
  )
  return <Current value={current}>{props.children}</Current>
}

/** What a provider keeps without rendering it. */
interface Own {
  known: Knowledge
  onChange: (session: ClientSession<unknown> | null) => void
  /** Number of the latest question. */
  turn: number
  askedAt: number
  asking: Promise<Knowledge>
  /** The sign-in that was last known for sure. */
  signIn: string | null
  /** We asked for the page anew, so what it says next is no news. */
  refreshing: boolean
}

const NAME = 'edge-session'

/** `null` where none is mounted, as in a test or a component workshop: there Next.js throws. */
function useMountedRouter(): ReturnType<typeof useRouter> | null {
  try {
    // biome-ignore lint/correctness/useHookAtTopLevel: a router neither comes nor goes under a mounted component.
    return useRouter()
  } catch {
    return null
  }
}

/**
 * Whether this tab showed another sign-in before, perhaps in an earlier document: signing in by redirect loads a new
 * one. `null` if that is not known. Remembers the time of the sign-in and nothing else.
 */
function showedAnother({ session }: Knowledge): boolean | null {
  const signedIn = String(session?.authenticatedAt.getTime())
  try {
    const shown = sessionStorage.getItem(NAME)
    sessionStorage.setItem(NAME, signedIn)
    return shown === null ? null : shown !== signedIn
  } catch {
    // A browser may forbid storage; other tabs then follow when they are looked at.
    return null
  }
}
