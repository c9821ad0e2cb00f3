// @vitest-environment happy-dom
import { act, type ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CurrentSession, SessionProvider, useSession } from '../src/react.ts'
import { type Endpoints, json, openPage, type Page, sessionOf, stubEndpoints } from './support/browser.tsx'

const MINUTE = 60_000

let endpoints: Endpoints
let current: CurrentSession
const rendered: string[] = []
const complaints = vi.spyOn(console, 'error')

function Who(): ReactNode {
  current = useSession()
  const { session, status, endsSoon } = current
  const text = `${status}:${session?.userId ?? '-'}${endsSoon === null ? '' : ':ends soon'}`
  rendered.push(text)
  return text
}

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-21T12:00:00Z') })
  endpoints = stubEndpoints()
  sessionStorage.clear()
  rendered.length = 0
  complaints.mockClear()
})
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
  for (const channel of channels.splice(0)) channel.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('SessionProvider', () => {
  it("paints the server's session first, hydrates without complaint, and asks nothing", async () => {
    await open({ session: sessionOf('alice') }, { hydrate: true })
    expect(new Set(rendered)).toEqual(new Set(['active:alice']))
    expect(complaints).not.toHaveBeenCalled()
    expect(endpoints.asked).toEqual([])
  })

  it('hydrates without complaint when the session is about to end', async () => {
    const session = sessionOf('alice', { expiresAt: new Date(Date.now() + 30_000) })
    const page = await open({ session }, { hydrate: true })
    expect(page.text()).toBe('active:alice:ends soon')
    expect(complaints).not.toHaveBeenCalled()
  })

  it('asks the endpoint when the page was prerendered, and is loading meanwhile', async () => {
    endpoints.answer = () => json({ session: sessionOf('alice') })
    const page = await open({ session: undefined }, { hydrate: true })
    expect(rendered[0]).toBe('loading:-')
    expect(page.text()).toBe('active:alice')
    expect(page.router.refresh).not.toHaveBeenCalled()
  })

  it('believes what it was told last, whatever a client component around it makes anew of the same session', async () => {
    const alice = sessionOf('alice')
    const page = await open({ session: alice })
    endpoints.answer = () => json({ session: null })
    await act(() => current.refresh())
    expect(page.text()).toBe('none:-')
    await page.render(<Provider session={{ ...alice }} />)
    expect(page.text()).toBe('none:-')
    await page.render(<Provider session={sessionOf('alice', { role: 'admin' })} />)
    expect(page.text()).toBe('active:alice')
  })

  it('takes back no sign-out either when the next question failed', async () => {
    const alice = sessionOf('alice')
    const page = await open({ session: alice })
    endpoints.answer = () => json({ session: null })
    await act(() => current.refresh())
    endpoints.answer = () => json({ code: 'ERR_SESSION_UNKNOWN' }, { status: 503 })
    await act(() => current.refresh())
    await page.render(<Provider session={{ ...alice }} />)
    expect(page.text()).toBe('unknown:-')
  })

  it('shows the data of the page that was rendered last, also when it is that of the page before', async () => {
    const page = await open({ session: sessionOf('alice', { data: { theme: 'light' } }) })
    endpoints.answer = () => json({ session: sessionOf('alice', { data: { theme: 'dark' } }) })
    await act(() => current.refresh())
    expect(current.session?.data).toEqual({ theme: 'dark' })
    await page.render(<Provider session={sessionOf('alice', { data: { theme: 'light' } })} />)
    expect(current.session?.data).toEqual({ theme: 'light' })
  })

  it('believes the page again once the endpoint could not tell, be it the same as before', async () => {
    const alice = sessionOf('alice')
    const page = await open({ session: alice })
    endpoints.answer = () => json({ code: 'ERR_SESSION_UNKNOWN' }, { status: 503 })
    await act(() => current.refresh())
    expect(page.text()).toBe('unknown:alice')
    await page.render(<Provider session={{ ...alice }} />)
    expect(page.text()).toBe('active:alice')
  })

  it('gives dates as Date', async () => {
    const session = sessionOf('alice')
    endpoints.answer = () => json({ session })
    await open({ session: undefined })
    expect(current.session).toEqual(session)
  })

  it("shows the server's new session in the very render that brings it", async () => {
    const page = await open({ session: sessionOf('alice') })
    rendered.length = 0
    await page.render(<Provider session={null} />)
    expect(new Set(rendered)).toEqual(new Set(['none:-']))
    expect(page.router.refresh).not.toHaveBeenCalled()
  })

  it("prefers the server's new session to an answer that was asked for before, and asks again", async () => {
    const alice = sessionOf('alice')
    const page = await open({ session: alice })
    const late = deferred()
    endpoints.answer = () => late.promise
    await act(async () => void current.refresh())
    await page.render(<Provider session={null} />)
    endpoints.answer = () => json({ session: null })
    await act(async () => late.resolve(json({ session: alice })))
    expect(rendered.slice(rendered.indexOf('none:-'))).not.toContain('active:alice')
    expect(endpoints.asked.length).toBe(2)
  })

  it('believes the later of two answers, whichever comes first', async () => {
    const page = await open({ session: sessionOf('alice') })
    const early = deferred()
    endpoints.answer = () => early.promise
    const first = current.refresh()
    endpoints.answer = () => json({ session: null })
    await act(() => current.refresh())
    await act(async () => early.resolve(json({ session: sessionOf('alice') })))
    await first
    expect(page.text()).toBe('none:-')
  })

  it.each([
    ['the network fails', () => Promise.reject(new TypeError('fetch failed'))],
    ['KV does not answer', () => json({ code: 'ERR_SESSION_UNKNOWN' }, { status: 503 })],
    ['something else answers', () => new Response('<h1>Sign in</h1>')],
    ['somebody else refuses', () => json({ error: 'who are you?' }, { status: 401 })],
    ['the answer is not one', () => json({})],
  ])('keeps the last session as unknown when %s, and recovers by itself', async (_reason, answer) => {
    const alice = sessionOf('alice')
    const page = await open({ session: alice })
    endpoints.answer = answer
    await act(() => current.refresh())
    expect(page.text()).toBe('unknown:alice')
    endpoints.answer = () => json({ session: alice })
    await pass(31_000)
    expect(page.text()).toBe('active:alice')
    expect(page.router.refresh).not.toHaveBeenCalled()
  })

  it('waits half a minute before it asks again what it could not learn', async () => {
    await open({ session: sessionOf('alice') })
    await act(() => current.refresh())
    await inSeconds(29)
    expect(endpoints.asked.length).toBe(1)
    await inSeconds(2)
    expect(endpoints.asked.length).toBe(2)
  })

  it('has nothing rendered anew when what it never knew becomes known', async () => {
    const page = await open({ session: undefined })
    expect(page.text()).toBe('unknown:-')
    endpoints.answer = () => json({ session: sessionOf('alice') })
    await pass(31_000)
    expect(page.text()).toBe('active:alice')
    expect(page.router.refresh).not.toHaveBeenCalled()
  })

  it('takes the refusal of our own proxy for what it is: a proven none', async () => {
    const page = await open({ session: sessionOf('alice') })
    endpoints.answer = () => json({ code: 'ERR_SESSION_NOT_FOUND' }, { status: 401 })
    await act(() => current.refresh())
    expect(page.text()).toBe('none:-')
  })

  it('leaves nothing behind: no timer, no listener, no channel', async () => {
    const page = await open({ session: sessionOf('alice') })
    await page.close()
    expect(vi.getTimerCount()).toBe(0)
    window.dispatchEvent(new Event('online'))
    await announce()
    expect(endpoints.asked).toEqual([])
  })

  it('works where no router is mounted', async () => {
    const page = await open({ session: sessionOf('alice') }, { routerless: true })
    endpoints.answer = () => json({ session: null })
    await act(() => current.refresh())
    expect(page.text()).toBe('none:-')
    expect(complaints).not.toHaveBeenCalled()
  })

  it('asks the endpoint it has now, whatever has it ask', async () => {
    const session = sessionOf('alice')
    const page = await open({ session, endpoint: '/before', refetchOnFocus: false })
    endpoints.answer = () => json({ session })
    await page.render(<Provider session={session} endpoint="/after" />)
    await act(() => current.refresh())
    await announce()
    await act(async () => window.dispatchEvent(new Event('online')))
    await pass(6_000)
    await focus()
    expect(endpoints.asked.map(({ path }) => path)).toEqual(['/after', '/after', '/after', '/after'])
  })

  it('refuses a "warnBefore" that is no duration', () => {
    expect(() => renderToString(<Provider session={null} warnBefore={'soon' as '1s'} />)).toThrow(
      /"warnBefore"/,
    )
  })
})

describe('coming back', () => {
  it('asks by either of its signs, more than 5 s after the last question, where the tab is seen', async () => {
    await open({ session: sessionOf('alice') })
    endpoints.answer = () => json({ session: sessionOf('alice') })
    const signs = [
      () => window.dispatchEvent(new Event('focus')),
      () => document.dispatchEvent(new Event('visibilitychange')),
    ]
    for (const [n, sign] of signs.entries()) {
      await pass(5_000)
      await act(async () => void sign())
      expect(endpoints.asked.length).toBe(n)
      await pass(1)
      const hidden = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
      await act(async () => void sign())
      hidden.mockRestore()
      expect(endpoints.asked.length).toBe(n)
      await act(async () => void sign())
      expect(endpoints.asked.length).toBe(n + 1)
    }
  })

  it('asks when the visitor comes back to the tab, at most every 5 s', async () => {
    await open({ session: sessionOf('alice') })
    endpoints.answer = () => json({ session: sessionOf('alice') })
    await focus()
    expect(endpoints.asked.length).toBe(0)
    await pass(6_000)
    await focus()
    await focus()
    expect(endpoints.asked).toEqual([{ method: 'GET', path: '/api/session', passive: true }])
  })

  it('does not when told so, but still when online again or out of the back/forward cache', async () => {
    await open({ session: sessionOf('alice'), refetchOnFocus: false, endpoint: '/who' })
    await pass(6_000)
    await focus()
    expect(endpoints.asked.length).toBe(0)
    await act(async () => window.dispatchEvent(new Event('online')))
    await act(async () => window.dispatchEvent(new Event('pageshow')))
    expect(endpoints.asked.length).toBe(1)
    await act(async () => window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })))
    expect(endpoints.asked.map(({ path }) => path)).toEqual(['/who', '/who'])
  })
})

describe('an answer that is none', () => {
  it.each([null, 'text', [], {}])('is not known: %j', async (body) => {
    const page = await open({ session: sessionOf('alice') })
    endpoints.answer = () => json(body)
    await act(() => current.refresh())
    expect(page.text()).toBe('unknown:alice')
  })
})

describe('the end of a session', () => {
  it('is announced when the server confirms that it is near, and asked about when it has come', async () => {
    const alice = sessionOf('alice', { expiresAt: new Date(Date.now() + 10 * MINUTE) })
    const page = await open({ session: alice })
    endpoints.answer = () => json({ session: alice })
    await pass(8 * MINUTE - 1)
    expect([page.text(), endpoints.asked.length]).toEqual(['active:alice', 0])
    await pass(1)
    expect(page.text()).toBe('active:alice:ends soon')
    expect(current.endsSoon).toEqual(alice.expiresAt)
    endpoints.answer = () => json({ session: null })
    await pass(2 * MINUTE)
    expect(page.text()).toBe('active:alice:ends soon')
    await pass(2_000)
    expect(page.text()).toBe('none:-')
    expect(page.router.refresh).toHaveBeenCalledTimes(1)
    // A page left open is no activity.
    expect(endpoints.asked.map(({ passive }) => passive)).toEqual([true, true])
  })

  it('is not announced when the visitor was active elsewhere', async () => {
    await open({
      session: sessionOf('alice', { expiresAt: new Date(Date.now() + 10 * MINUTE) }),
    })
    endpoints.answer = () =>
      json({ session: sessionOf('alice', { expiresAt: new Date(Date.now() + 10 * MINUTE) }) })
    await pass(60 * MINUTE)
    expect(rendered.some((text) => text.includes('ends soon'))).toBe(false)
    expect(endpoints.asked.length).toBe(7)
  })

  it('moves when the visitor asks to stay: that is activity, and the new end is known a second later', async () => {
    const start = Date.now()
    const alice = sessionOf('alice', { expiresAt: new Date(start + MINUTE) })
    const page = await open({ session: alice })
    expect(page.text()).toBe('active:alice:ends soon')
    const answers = [alice, { ...alice, expiresAt: new Date(start + 60 * MINUTE) }]
    endpoints.answer = () => json({ session: answers.shift() })
    await act(async () => void current.refresh())
    await pass(1_000)
    expect(page.text()).toBe('active:alice')
    expect(endpoints.asked.map(({ passive }) => passive)).toEqual([false, true])
  })

  it("goes by the server's clock", async () => {
    const page = await open({ session: sessionOf('alice') })
    // This device is an hour ahead: by its clock the session has ended already.
    const server = Date.now() - 60 * MINUTE
    const alice = sessionOf('alice', { expiresAt: new Date(server + 30 * MINUTE) })
    endpoints.answer = () => json({ session: alice }, { date: Date.now() - 60 * MINUTE })
    await act(() => current.refresh())
    expect(page.text()).toBe('active:alice')
    const asked = endpoints.asked.length
    await pass(27 * MINUTE)
    expect(endpoints.asked.length).toBe(asked)
    await pass(MINUTE)
    expect(page.text()).toBe('active:alice:ends soon')
    expect(current.endsSoon?.getTime()).toBe(alice.expiresAt.getTime() + 60 * MINUTE)
  })

  it('is not near any more once the clock is known to be wrong', async () => {
    // This device is an hour ahead, and the page came with a session that lasts 30 minutes more.
    const ahead = 60 * MINUTE
    const alice = sessionOf('alice', { expiresAt: new Date(Date.now() - ahead + 30 * MINUTE) })
    endpoints.answer = () => json({ session: alice }, { date: Date.now() - ahead })
    const page = await open({ session: alice })
    expect(page.text()).toBe('active:alice:ends soon')
    await pass(3_000)
    expect([page.text(), current.endsSoon]).toEqual(['active:alice', null])
  })

  it('does not make a page hurry whose clock nobody corrects', async () => {
    const ended = sessionOf('alice', { expiresAt: new Date(Date.now() - 60 * MINUTE) })
    endpoints.answer = () => Response.json({ session: ended })
    await open({ session: ended })
    await inSeconds(60)
    expect(endpoints.asked.length).toBeLessThanOrEqual(30)
  })

  it('may be farther away than a timer reaches', async () => {
    await open({
      session: sessionOf('alice', { expiresAt: new Date(Date.now() + 400 * 24 * 60 * MINUTE) }),
    })
    await pass(30 * 24 * 60 * MINUTE)
    expect(endpoints.asked).toEqual([])
  })
})

describe('other tabs', () => {
  it('are told that something changed, never what, when a page comes signed in or out', async () => {
    const heard = listen()
    const page = await open({ session: null })
    await page.render(<Provider session={sessionOf('alice')} />)
    await page.render(<Provider session={null} />)
    await delivered()
    expect(heard).toEqual(['changed', 'changed'])
  })

  it('are not told of a routine rotation, new data or activity', async () => {
    const heard = listen()
    const alice = sessionOf('alice')
    const page = await open({ session: alice })
    await page.render(
      <Provider session={{ ...alice, id: 'another', data: { theme: 'dark' }, lastSeenAt: new Date() }} />,
    )
    endpoints.answer = () => json({ session: { ...alice, id: 'third' } })
    await act(() => current.refresh())
    await delivered()
    expect(heard).toEqual([])
    expect(page.router.refresh).not.toHaveBeenCalled()
  })

  it('are followed: asks, has the page rendered anew, and tells nobody what all have heard', async () => {
    const heard = listen()
    const page = await open({ session: sessionOf('alice') })
    endpoints.answer = () => json({ session: null })
    await announce()
    expect(page.text()).toBe('none:-')
    expect(page.router.refresh).toHaveBeenCalledTimes(1)
    await page.render(<Provider session={null} />)
    await delivered()
    expect(heard).toEqual(['changed'])
    expect(page.router.refresh).toHaveBeenCalledTimes(1)
  })

  it('are not told when the page rendered anew is behind the endpoint, so that nothing goes round in circles', async () => {
    const heard = listen()
    const alice = sessionOf('alice')
    const page = await open({ session: alice })
    endpoints.answer = () => json({ session: null })
    await announce()
    await page.render(<Provider session={{ ...alice }} />)
    await delivered()
    expect(heard).toEqual(['changed'])
    expect(current.status).toBe('none')
    // What the visitor does next is news again.
    await page.render(<Provider session={sessionOf('bob')} />)
    await delivered()
    expect(heard).toEqual(['changed', 'changed'])
  })

  it('are not told either when the endpoint was asked meanwhile', async () => {
    const heard = listen()
    const alice = sessionOf('alice')
    const page = await open({ session: alice })
    endpoints.answer = () => json({ session: null })
    await announce()
    await act(() => current.refresh())
    await page.render(<Provider session={{ ...alice }} />)
    await delivered()
    expect(heard).toEqual(['changed'])
  })

  it('are told of what a script did while the page was rendered anew', async () => {
    const heard = listen()
    await open({ session: sessionOf('alice') })
    endpoints.answer = () => json({ session: null })
    await announce()
    endpoints.answer = () => json({ session: sessionOf('bob') })
    await act(() => current.refresh())
    await delivered()
    expect(heard).toEqual(['changed', 'changed'])
  })

  it('are told also where the browser forbids storage', async () => {
    const forbid = () => {
      throw new DOMException('forbidden', 'SecurityError')
    }
    vi.stubGlobal('sessionStorage', { getItem: forbid })
    const heard = listen()
    const page = await open({ session: null })
    await delivered()
    expect(heard).toEqual([])
    await page.render(<Provider session={sessionOf('alice')} />)
    await delivered()
    expect(heard).toEqual(['changed'])
  })

  it('can not be told where the browser has no channel, and this one works', async () => {
    vi.stubGlobal('BroadcastChannel', undefined)
    const page = await open({ session: null })
    await page.render(<Provider session={sessionOf('alice')} />)
    expect(page.text()).toBe('active:alice')
    expect(complaints).not.toHaveBeenCalled()
  })

  it('are told of a sign-in that loaded a new document', async () => {
    const heard = listen()
    const before = await open({ session: null })
    await before.close()
    const after = await open({ session: sessionOf('alice') })
    await delivered()
    expect(heard).toEqual(['changed'])
    await after.close()
    await open({
      session: sessionOf('alice', { authenticatedAt: current.session?.authenticatedAt ?? new Date(0) }),
    })
    await delivered()
    expect(heard).toEqual(['changed'])
  })

  it('are told of a sign-in that a script made', async () => {
    const heard = listen()
    const page = await open({ session: null })
    endpoints.answer = () => json({ session: sessionOf('alice') })
    await act(() => current.refresh())
    await delivered()
    expect(heard).toEqual(['changed'])
    expect(page.router.refresh).toHaveBeenCalledTimes(1)
  })

  it('has the app do what it wants instead of rendering anew', async () => {
    const onChange = vi.fn()
    const page = await open({ session: sessionOf('alice'), onChange })
    endpoints.answer = () => json({ session: null })
    await announce()
    expect(onChange.mock.calls).toEqual([[null]])
    expect(page.router.refresh).not.toHaveBeenCalled()
  })

  it('notices another user, and the same one after signing in again', async () => {
    const alice = sessionOf('alice')
    const page = await open({ session: alice })
    endpoints.answer = () => json({ session: sessionOf('bob') })
    await announce()
    endpoints.answer = () =>
      json({ session: sessionOf('bob', { authenticatedAt: new Date(Date.now() + 1) }) })
    await announce()
    expect(page.text()).toBe('active:bob')
    expect(page.router.refresh).toHaveBeenCalledTimes(2)
  })
})

describe('useSession', () => {
  it('says what is missing outside of a provider', () => {
    complaints.mockImplementation(() => {})
    expect(() => renderToString(<Who />)).toThrow(/SessionProvider/)
    complaints.mockReset()
  })
})

type ProviderProps = Omit<Parameters<typeof SessionProvider>[0], 'children'>

function Provider(props: ProviderProps): ReactNode {
  return (
    <SessionProvider {...props}>
      <Who />
    </SessionProvider>
  )
}

const pages: Page[] = []

async function open(props: ProviderProps, options: Parameters<typeof openPage>[1] = {}): Promise<Page> {
  const page = await openPage(<Provider {...props} />, options)
  pages.push(page)
  return page
}

function deferred(): { promise: Promise<Response>; resolve: (response: Response) => void } {
  let resolve: (response: Response) => void = () => {}
  const promise = new Promise<Response>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** In steps, as React renders only after each. */
async function pass(milliseconds: number): Promise<void> {
  const step = Math.max(MINUTE, milliseconds / 100)
  for (let left = milliseconds; left > 0; left -= step) {
    await act(async () => void (await vi.advanceTimersByTimeAsync(Math.min(left, step))))
  }
}

async function inSeconds(seconds: number): Promise<void> {
  for (let n = 0; n < seconds; n += 1) await pass(1_000)
}

function focus(): Promise<void> {
  return act(async () => {
    window.dispatchEvent(new Event('focus'))
    document.dispatchEvent(new Event('visibilitychange'))
  })
}

const channels: BroadcastChannel[] = []

function listen(): unknown[] {
  const heard: unknown[] = []
  const channel = new BroadcastChannel('edge-session')
  channels.push(channel)
  channel.onmessage = ({ data }) => heard.push(data)
  return heard
}

/** Another tab says that something changed. */
async function announce(): Promise<void> {
  const channel = new BroadcastChannel('edge-session')
  channel.postMessage('changed')
  await delivered()
  channel.close()
}

/** Messages between tabs take real time, so a question to a channel of our own tells when those before it arrived. */
function delivered(): Promise<void> {
  return act(async () => {
    const [sender, receiver] = [new BroadcastChannel('test'), new BroadcastChannel('test')]
    await new Promise((resolve) => {
      receiver.onmessage = resolve
      sender.postMessage('')
    })
    sender.close()
    receiver.close()
  })
}
