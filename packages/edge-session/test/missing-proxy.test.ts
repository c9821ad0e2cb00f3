import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { routeBrowser } from './support/route-browser.ts'
import { SECRET } from './support/secrets.ts'
import { visit } from './support/visit.ts'

// As in a process that has just begun.
vi.resetModules()
const { createEdgeSession } = await import('../src/lib/edge-session.ts')
const { memoryStore } = await import('../src/lib/memory-store.ts')

const app = createEdgeSession({ secret: SECRET, store: memoryStore() })
const stateless = createEdgeSession({ mode: 'stateless', secret: SECRET, idle: '1h', absolute: '1h' })
const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})

beforeEach(() => warn.mockClear())
afterEach(() => vi.unstubAllEnvs())

async function signIn(at: Pick<typeof app, 'createSession'> = app) {
  const browser = routeBrowser()
  // Its cookie is in the name that is used outside development.
  await browser.run(() => at.createSession({ userId: 'alice' }))
  return browser
}

// In this order: the warning comes once in the life of a process.
describe('a page that asks for the session where the proxy did not run', () => {
  it('is no matter outside development', async () => {
    const alice = await signIn()
    for (const mode of ['production', 'test', '']) {
      vi.stubEnv('NODE_ENV', mode)
      expect((await alice.run(() => app.getSession())).value).toMatchObject({ userId: 'alice' })
    }
    expect(warn).not.toHaveBeenCalled()
  })

  it('is no matter for a visitor without a cookie, behind the proxy, or without a store', async () => {
    const [alice, bob] = [await signIn(), await signIn(stateless)]
    const { seen } = await visit(app.proxy, '/', { token: alice.token ?? '' })
    const identity = { 'x-edge-session': seen?.get('x-edge-session') ?? '' }
    vi.stubEnv('NODE_ENV', 'development')
    await routeBrowser().run(() => app.getSession())
    expect((await alice.run(() => app.getSession(), identity)).value).toMatchObject({ userId: 'alice' })
    expect((await bob.run(() => stateless.getSession())).value).toMatchObject({ userId: 'alice' })
    expect(warn).not.toHaveBeenCalled()
  })

  it('is warned of in development, once', async () => {
    const alice = await signIn()
    vi.stubEnv('NODE_ENV', 'development')
    expect((await alice.run(() => app.getSession())).value).toMatchObject({ userId: 'alice' })
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^edge-session: a page asked for the session and the proxy had not run .*Check that /,
        ),
      ],
    ])
    await alice.run(() => app.getSession())
    expect(warn).toHaveBeenCalledTimes(1)
  })
})
