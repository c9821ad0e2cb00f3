// @vitest-environment happy-dom
import { act, type ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type ClientListedSession,
  type SessionList,
  type SessionListOptions,
  SessionProvider,
  useSessions,
} from '../src/react.ts'
import { type Endpoints, json, openPage, type Page, sessionOf, stubEndpoints } from './support/browser.tsx'

const DEVICES = [device('laptop', { current: true }), device('phone'), device('tablet')]

let endpoints: Endpoints
let list: SessionList
const pages: Page[] = []

beforeEach(() => {
  endpoints = stubEndpoints()
  sessionStorage.clear()
})
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
  vi.unstubAllGlobals()
})

describe('useSessions', () => {
  it('asks for the list, and gives dates as Date', async () => {
    endpoints.answer = () => json(DEVICES)
    await open()
    expect([list.status, list.error, list.sessions]).toEqual(['ready', null, DEVICES])
    expect(endpoints.asked[0]).toEqual({ method: 'GET', path: '/api/sessions', passive: false })
  })

  it('is empty and loading until the list is there', async () => {
    const answers: (() => void)[] = []
    endpoints.answer = () => new Promise((resolve) => answers.push(() => resolve(json(DEVICES))))
    await open()
    expect([list.status, list.sessions]).toEqual(['loading', []])
    await act(async () => answers.forEach((answer) => void answer()))
    expect([list.status, ids()]).toEqual(['ready', 'laptop phone tablet'])
  })

  it('shows the list the server rendered with, without asking, and a new one when it renders again', async () => {
    const page = await open({ sessions: DEVICES })
    expect([list.status, ids()]).toEqual(['ready', 'laptop phone tablet'])
    await page.render(<Devices sessions={DEVICES.slice(0, 1)} />)
    expect([list.status, ids(), endpoints.asked]).toEqual(['ready', 'laptop', []])
  })

  it('keeps the list when the server renders without one, and asks', async () => {
    const page = await open({ sessions: DEVICES })
    await page.render(<Devices />)
    expect([list.status, ids()]).toEqual(['unknown', 'laptop phone tablet'])
    expect(endpoints.asked[0]).toMatchObject({ method: 'GET', path: '/api/sessions' })
  })

  it('asks where the list is now when that changes', async () => {
    endpoints.answer = (path) => json(path === '/devices' ? DEVICES.slice(1) : DEVICES)
    const page = await open()
    await page.render(<Devices endpoint="/devices" />)
    expect([endpoints.asked.at(-1)?.path, ids()]).toEqual(['/devices', 'phone tablet'])
  })

  it('believes the later of two answers, whichever comes first', async () => {
    await open({ sessions: DEVICES })
    const early = hold()
    const first = await begin(() => list.refresh())
    endpoints.answer = () => json(DEVICES.slice(0, 1))
    await act(() => list.refresh())
    await act(async () => early(json(DEVICES)))
    await first.done
    expect(ids()).toBe('laptop')
  })

  it('says unknown when what comes is no list', async () => {
    endpoints.answer = () => json({ sessions: DEVICES })
    await open()
    expect([list.status, list.error, list.sessions]).toEqual(['unknown', null, []])
  })

  it('says unknown when the list can not be had, and keeps what it had', async () => {
    await open()
    expect([list.status, list.error, ids()]).toEqual(['unknown', 'ERR_NO_ANSWER', ''])
    endpoints.answer = () => json(DEVICES)
    await act(() => list.refresh())
    expect([list.status, list.error, ids()]).toEqual(['ready', null, 'laptop phone tablet'])
    endpoints.answer = () => json({ code: 'ERR_SESSION_UNKNOWN' }, { status: 503 })
    await act(() => list.refresh())
    expect([list.status, list.error, ids()]).toEqual([
      'unknown',
      'ERR_SESSION_UNKNOWN',
      'laptop phone tablet',
    ])
  })

  it('takes a revoked session out at once, for good', async () => {
    await open({ sessions: DEVICES })
    const answer = hold()
    const revoking = await begin(() => list.revoke('phone'))
    expect(ids()).toBe('laptop tablet')
    await act(async () => answer(new Response(null, { status: 204 })))
    expect([await revoking.done, ids(), list.error]).toEqual([true, 'laptop tablet', null])
    // An answer from before does not bring it back.
    endpoints.answer = () => json(DEVICES)
    await act(() => list.refresh())
    expect(ids()).toBe('laptop tablet')
    expect(endpoints.asked[0]).toMatchObject({ method: 'DELETE', path: '/api/sessions/phone' })
  })

  it('puts it back in its place when revoking failed', async () => {
    await open({ sessions: DEVICES })
    endpoints.answer = () => json({ code: 'ERR_SESSION_UNKNOWN' }, { status: 503 })
    const revoked = await act(() => list.revoke('phone'))
    expect([revoked, ids(), list.error, list.status]).toEqual([
      false,
      'laptop phone tablet',
      'ERR_SESSION_UNKNOWN',
      'ready',
    ])
  })

  it('is content when the session is gone already', async () => {
    await open({ sessions: DEVICES })
    endpoints.answer = () => json({ code: 'ERR_NOT_FOUND' }, { status: 404 })
    expect([await act(() => list.revoke('phone')), ids(), list.error]).toEqual([true, 'laptop tablet', null])
  })

  it('shows a session again that has another id meanwhile, as after a step-up', async () => {
    await open({ sessions: DEVICES })
    endpoints.answer = (_, method) =>
      method === 'DELETE'
        ? json({ code: 'ERR_NOT_FOUND' }, { status: 404 })
        : json([...DEVICES.filter(({ id }) => id !== 'phone'), device('phone-proven')])
    expect([await act(() => list.revoke('phone')), ids()]).toEqual([true, 'laptop tablet phone-proven'])
  })

  it('shows nobody’s devices once nobody is signed in', async () => {
    endpoints.answer = (path) => (path === '/api/session' ? json({ session: null }) : json(DEVICES))
    await open({ sessions: DEVICES })
    expect(ids()).toBe('laptop phone tablet')
    window.dispatchEvent(new Event('online'))
    await act(async () => {})
    expect([ids(), list.status]).toEqual(['', 'ready'])
  })

  it('is not content with the 404 of a route that does not exist', async () => {
    await open({ sessions: DEVICES })
    endpoints.answer = () => new Response('<h1>404</h1>', { status: 404 })
    expect([await act(() => list.revoke('phone')), ids()]).toEqual([false, 'laptop phone tablet'])
  })

  it('fails one of two without harm to the other', async () => {
    await open({ sessions: DEVICES })
    const phone = hold()
    const revokingPhone = await begin(() => list.revoke('phone'))
    const tablet = hold()
    const revokingTablet = await begin(() => list.revoke('tablet'))
    expect(ids()).toBe('laptop')
    await act(async () => tablet(json({ code: 'ERR_SESSION_UNKNOWN' }, { status: 503 })))
    await act(async () => phone(new Response(null, { status: 204 })))
    expect([await revokingPhone.done, await revokingTablet.done, ids()]).toEqual([
      true,
      false,
      'laptop tablet',
    ])
  })

  it('revokes all others', async () => {
    await open({ sessions: DEVICES })
    endpoints.answer = () => json({ revoked: 2 })
    expect([await act(() => list.revokeOthers()), ids()]).toEqual([true, 'laptop'])
    expect(endpoints.asked).toMatchObject([{ method: 'POST', path: '/api/sessions/revoke-others' }])
  })

  it('puts all others back when that failed', async () => {
    await open({ sessions: DEVICES, endpoint: '/devices' })
    expect([await act(() => list.revokeOthers()), ids()]).toEqual([false, 'laptop phone tablet'])
    expect(endpoints.asked).toMatchObject([{ path: '/devices/revoke-others' }])
  })

  it('signs out here when the current session is revoked', async () => {
    const page = await open({ sessions: DEVICES })
    endpoints.answer = (_path, method) =>
      method === 'DELETE' ? new Response(null, { status: 204 }) : json({ session: null })
    await act(() => list.revoke('laptop'))
    expect(page.router.refresh).toHaveBeenCalledTimes(1)
  })

  it('asks nothing of the own session when another one was revoked, or the own one was not', async () => {
    await open({ sessions: DEVICES })
    endpoints.answer = () => new Response(null, { status: 204 })
    await act(() => list.revoke('phone'))
    endpoints.answer = () => json({ code: 'ERR_SESSION_UNKNOWN' }, { status: 503 })
    await act(() => list.revoke('laptop'))
    expect(endpoints.asked.map(({ path }) => path)).toEqual(['/api/sessions/phone', '/api/sessions/laptop'])
  })

  it('notices that the session ended meanwhile', async () => {
    const page = await open({ sessions: DEVICES })
    endpoints.answer = (path) =>
      path === '/api/session'
        ? json({ session: null })
        : json({ code: 'ERR_SESSION_NOT_FOUND' }, { status: 401 })
    await act(() => list.refresh())
    expect([list.error, page.router.refresh.mock.calls.length]).toEqual(['ERR_SESSION_NOT_FOUND', 1])
  })

  it('drops the list when somebody else signs in, and asks for theirs', async () => {
    endpoints.answer = () => json(DEVICES)
    const page = await open()
    const held: (() => void)[] = []
    endpoints.answer = () => new Promise((resolve) => held.push(() => resolve(json([device('of-bob')]))))
    await page.render(
      <SessionProvider session={sessionOf('bob')}>
        <List />
      </SessionProvider>,
    )
    expect([list.status, ids()]).toEqual(['loading', ''])
    await act(async () => held.forEach((answer) => void answer()))
    expect([list.status, ids()]).toEqual(['ready', 'of-bob'])
  })

  it('asks again when the same user signs in again', async () => {
    endpoints.answer = () => json(DEVICES)
    const page = await open()
    await page.render(
      <SessionProvider session={null}>
        <List />
      </SessionProvider>,
    )
    expect([ids(), list.status]).toEqual(['', 'ready'])
    endpoints.answer = () => json([device('laptop-again')])
    const asked = endpoints.asked.length
    await page.render(
      <SessionProvider session={sessionOf('alice')}>
        <List />
      </SessionProvider>,
    )
    expect([ids(), list.status, endpoints.asked.length - asked]).toEqual(['laptop-again', 'ready', 1])
  })

  it('needs no SessionProvider', async () => {
    endpoints.answer = () => json(DEVICES)
    pages.push(await openPage(<List />))
    expect(ids()).toBe('laptop phone tablet')
    endpoints.answer = () => new Response(null, { status: 204 })
    expect([await act(() => list.revoke('laptop')), ids()]).toEqual([true, 'phone tablet'])
    // Proven: nobody's list is to be left standing.
    endpoints.answer = () => json({ code: 'ERR_SESSION_NOT_FOUND' }, { status: 401 })
    await act(() => list.refresh())
    expect([list.status, list.error, ids()]).toEqual(['ready', 'ERR_SESSION_NOT_FOUND', ''])
  })
})

function device(id: string, fields: Partial<ClientListedSession> = {}): ClientListedSession {
  const at = new Date('2026-11-21T12:00:00Z')
  return { id, current: false, createdAt: at, lastSeenAt: at, userAgent: null, ip: null, ...fields }
}

const ALICE = sessionOf('alice')

function Devices(options: SessionListOptions): ReactNode {
  return (
    <SessionProvider session={ALICE}>
      <List {...options} />
    </SessionProvider>
  )
}

function List(options: SessionListOptions): ReactNode {
  list = useSessions(options)
  return null
}

async function open(options: SessionListOptions = {}): Promise<Page> {
  const page = await openPage(<Devices {...options} />)
  pages.push(page)
  return page
}

function ids(): string {
  return list.sessions.map(({ id }) => id).join(' ')
}

/** The next request is answered when the test says so. */
function hold(): (response: Response) => void {
  let answer: (response: Response) => void = () => {}
  const promise = new Promise<Response>((resolve) => {
    answer = resolve
  })
  endpoints.answer = () => promise
  return (response) => answer(response)
}

/** Starts something and renders what comes of it, without waiting for its end. */
async function begin<Result>(start: () => Promise<Result>): Promise<{ done: Promise<Result> }> {
  return act(async () => ({ done: start() }))
}
