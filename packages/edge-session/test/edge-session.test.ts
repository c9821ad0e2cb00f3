import { afterEach, describe, expect, it, vi } from 'vitest'
import { createEdgeSession } from '../src/lib/edge-session.ts'
import { memoryStore } from '../src/lib/memory-store.ts'
import { callRoute } from './support/app-route.ts'
import { SECRET } from './support/instance.ts'
import { routeBrowser } from './support/route-browser.ts'
import { visit } from './support/visit.ts'

const protect = { routes: ['/dashboard'] } as const
const stateful = () => createEdgeSession({ secret: SECRET, store: memoryStore(), protect })
const stateless = () => createEdgeSession({ mode: 'stateless', secret: SECRET, protect })
afterEach(() => vi.unstubAllEnvs())

describe('an instance whose sessions are in cookies', () => {
  it('signs in and out, and has nothing to list or revoke sessions with', async () => {
    const app = stateless()
    const browser = routeBrowser()
    await browser.run(() => app.createSession({ userId: 'alice', data: { n: 1 } }))
    expect((await browser.run(() => app.updateSession({ n: 2 }))).value).toMatchObject({ data: { n: 2 } })
    const headers = { cookie: `__Host-session=${browser.token}` }
    const { GET } = app.sessionHandlers().session
    const shown = await callRoute({ GET }, 'GET', { headers })
    expect(await shown.json()).toMatchObject({ session: { userId: 'alice', data: { n: 2 } } })
    expect((await browser.run(() => app.destroySession())).value).toBe(true)
    expect((await browser.run(() => app.getSession())).value).toBeNull()
    expect(Object.keys(app)).not.toContain('listSessions')
    expect(Object.keys(app.sessionHandlers()).sort()).toEqual(['logout', 'session'])
  })
})

describe.each([
  ['a store', stateful],
  ['cookies', stateless],
])('an instance whose sessions are in %s', (_, make) => {
  it('guards with its proxy, alone or in front of another', async () => {
    const app = make()
    const browser = routeBrowser()
    await browser.run(() => app.createSession({ userId: 'alice' }))
    const token = browser.token ?? ''
    const asked: (string | undefined)[] = []
    const inFront = app.withSession((_request, { lookup }) => {
      asked.push(lookup.outcome === 'active' ? lookup.session.userId : undefined)
    })
    for (const proxy of [app.proxy, inFront]) {
      expect((await visit(proxy, '/dashboard')).status).toBe(307)
      expect((await visit(proxy, '/dashboard', { token })).seen?.get('x-user-id')).toBe('alice')
    }
    expect(asked).toEqual(['alice'])
  })

  it('says at start what is missing', () => {
    expect(() => make().assertConfigured()).not.toThrow()
    vi.stubEnv('SESSION_SECRET', '')
    expect(() => createEdgeSession({}).assertConfigured()).toThrow('SESSION_SECRET is not set')
    expect(() => createEdgeSession({ mode: 'stateless' }).assertConfigured()).toThrow(
      'SESSION_SECRET is not set',
    )
  })
})
