import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { EdgeSession } from '../src/lib/edge-session.ts'
import type { JsonObject } from '../src/lib/record.ts'
import { appOfTests } from './support/app.ts'
import { callRoute } from './support/app-route.ts'
import { routeBrowser } from './support/route-browser.ts'

const site = appOfTests()
let app: EdgeSession<JsonObject>
beforeEach(() => {
  app = site.make()
})

async function signIn(userId: string) {
  const browser = routeBrowser()
  await browser.run(() => app.createSession({ userId }))
  return browser
}

/** The names of the commands that KV was sent: HMGET asks the nearest replica, EVAL the primary. */
async function commandNames(work: () => Promise<unknown>): Promise<readonly (string | undefined)[]> {
  const before = site.kv.journal().length
  await work()
  return site.kv
    .journal()
    .slice(before)
    .map(({ command }) => command[0])
}

describe('what one request does to its session, one thing after another', () => {
  it('ends with the sign-out of the session that was proven again', async () => {
    const alice = await signIn('alice')
    const { value } = await alice.run(async () => {
      await app.reauthenticate()
      return app.destroySession()
    })
    expect(value).toBe(true)
    expect((await alice.run(() => app.listSessions('alice'))).value).toEqual([])
  })

  it('leaves one session of two sign-ins, the second', async () => {
    const browser = routeBrowser()
    const { value } = await browser.run(async () => {
      await app.createSession({ userId: 'alice' })
      return app.createSession({ userId: 'alice', role: 'admin' })
    })
    const { value: sessions } = await browser.run(() => app.listSessions())
    expect(sessions?.map(({ id, current }) => ({ id, current }))).toEqual([{ id: value?.id, current: true }])
  })
})

describe('a sign-in over the session of another user', () => {
  async function asBob(
    arranged: EdgeSession<JsonObject>,
    failing: { key?: string; command?: string } | null,
  ) {
    const browser = await signIn('alice')
    if (failing !== null) site.kv.faults.add({ match: failing, action: { type: 'status', status: 500 } })
    const { value, setCookies } = await browser.run(async () => {
      await arranged.getSession()
      const code = await arranged.createSession({ userId: 'bob' }).catch((error) => error.code)
      return { code, now: await arranged.lookupSession() }
    })
    site.kv.faults.clear()
    const { value: left } = await browser.run(() => app.listSessions('alice'))
    return { ...value, setCookies, left: left?.length }
  }
  const gone = {
    now: { outcome: 'none', reason: 'revoked' },
    setCookies: [expect.stringMatching(/^__Host-session=;.* Max-Age=0/)],
    left: 0,
  }

  it('leaves nobody signed in when KV then fails', async () => {
    expect(await asBob(app, { key: 'session:bob' })).toEqual({ code: 'ERR_SESSION_UNKNOWN', ...gone })
  })

  it('leaves nobody signed in when the other has too many', async () => {
    const strict = site.make({ maxSessions: 1, whenFull: 'refuse' })
    await signIn('bob')
    expect(await asBob(strict, null)).toEqual({ code: 'ERR_SESSION_LIMIT', ...gone })
  })

  it('leaves the one signed in whom KV has not ended', async () => {
    const { now, ...rest } = await asBob(app, { key: 'session:alice', command: 'EVAL' })
    expect(now).toMatchObject({ outcome: 'active', session: { userId: 'alice' } })
    expect(rest).toMatchObject({ code: 'ERR_SESSION_UNKNOWN', left: 1 })
    expect(rest.setCookies.filter((cookie) => cookie.includes('Max-Age=0'))).toEqual([])
  })

  it('keeps the session of a user who signs in again in vain', async () => {
    const browser = await signIn('alice')
    site.kv.faults.add({ match: { command: 'EVAL' }, action: { type: 'status', status: 500 } })
    const { value } = await browser.run(async () => {
      const code = await app.createSession({ userId: 'alice' }).catch((error) => error.code)
      return [code, (await app.lookupSession()).outcome]
    })
    expect(value).toEqual(['ERR_SESSION_UNKNOWN', 'active'])
  })
})

describe('what fails', () => {
  it.each(['reauthenticate', 'rotateSession'] as const)(
    'sets no cookie, which might come after that of a step-up in another tab: %s',
    async (name) => {
      const browser = await signIn('alice')
      const { token } = browser
      const { value, setCookies } = await routeBrowser(token).run(async () => {
        await app.getSession()
        await browser.run(() => app.reauthenticate())
        return app[name]().catch((error) => error.code)
      })
      expect(value).toBe(name === 'rotateSession' ? null : 'ERR_SESSION_NOT_FOUND')
      expect(setCookies).toEqual([])
      expect((await browser.run(() => app.getSession())).value?.userId).toBe('alice')
    },
  )

  it('sets no cookie where a sign-in is refused', async () => {
    const strict = site.make({ maxSessions: 1, whenFull: 'refuse' })
    const [browser] = [await signIn('alice'), await signIn('alice')]
    const { thrown, setCookies } = await browser.run(() => strict.createSession({ userId: 'alice' }))
    expect([thrown, setCookies]).toEqual(['ERR_SESSION_LIMIT', []])
  })
})

describe('a user id', () => {
  it.each(['u'.repeat(512), '日'.repeat(512), '"'.repeat(512), '\u0001'.repeat(256)])(
    'that is accepted fits into its cookie (RFC 6265bis §5.6)',
    async (userId) => {
      const browser = routeBrowser()
      await browser.run(() => app.createSession({ userId }))
      expect(`__Host-session${browser.token}`.length).toBeLessThan(4_096)
      expect((await browser.run(() => app.getSession())).value?.userId).toBe(userId)
    },
  )

  it('is refused where none that fits into its cookie would come of it', async () => {
    for (const userId of ['\u0001'.repeat(257), '\u0001'.repeat(512), 'u'.repeat(513)])
      expect((await routeBrowser().run(() => app.createSession({ userId }))).thrown).toBe(
        'ERR_INVALID_ARGUMENT',
      )
  })
})

describe('the own session', () => {
  it('is over for the rest of the request that ends it, also under a token that is being replaced', async () => {
    const alice = await signIn('alice')
    const old = alice.token
    await alice.run(() => app.rotateSession())
    const late = routeBrowser(old)
    const { value } = await late.run(async () => {
      const session = await app.getSession()
      const revoked = await app.revokeSession(session?.id ?? '')
      return [revoked, await app.getSession()]
    })
    expect(value).toEqual([true, null])
  })
})

describe('what KV is asked', () => {
  it('is the nearest replica for who it is, and the primary for the change', async () => {
    const alice = await signIn('alice')
    for (const work of [() => app.updateSession({ a: 1 }), () => app.rotateSession()])
      expect(await commandNames(() => alice.run(work))).toEqual(['HMGET', 'EVAL'])
  })

  it('is the primary where it has to be fresh, also after the nearest was asked', async () => {
    const alice = await signIn('alice')
    const work = async () => [await app.getSession(), await app.getSession({ fresh: true })]
    expect(await commandNames(() => alice.run(work))).toEqual(['HMGET', 'EVAL'])
  })

  it('is nothing more once there is no session, or no answer', async () => {
    const work = async () => [
      (await app.lookupSession()).outcome,
      (await app.lookupSession({ fresh: true })).outcome,
    ]
    const nobody = routeBrowser()
    expect(
      await commandNames(async () => expect((await nobody.run(work)).value).toEqual(['none', 'none'])),
    ).toEqual([])
    const alice = await signIn('alice')
    const { value } = await alice.run(async () => {
      const mend = site.kv.faults.add({ action: { type: 'status', status: 500 } })
      const { outcome } = await app.lookupSession()
      mend()
      let again: string | undefined
      const commands = await commandNames(async () => {
        again = (await app.lookupSession({ fresh: true })).outcome
      })
      return [outcome, again, commands]
    })
    expect(value).toEqual(['unknown', 'unknown', []])
  })

  it('is named by the error when there was no answer', async () => {
    const alice = await signIn('alice')
    site.kv.faults.add({ action: { type: 'status', status: 500 } })
    const operationOf = (error: { operation?: string }) => error.operation
    const { value } = await alice.run(async () => {
      await app.lookupSession()
      return [
        await app.createSession({ userId: 'alice' }).catch(operationOf),
        await app.destroySession().catch(operationOf),
      ]
    })
    expect(value).toEqual(['create', 'destroy'])
  })
})

describe('a route that wants a new proof', () => {
  it('asks for it in words', async () => {
    let now = Date.now()
    app = site.make({ now: () => now })
    const alice = await signIn('alice')
    now += 60_000
    const GET = app.protectRoute(() => new Response('in'), { maxAge: '59s' })
    const headers = { cookie: `__Host-session=${alice.token}` }
    const response = await callRoute({ GET }, 'GET', { headers })
    expect([response.status, await response.json()]).toEqual([
      401,
      {
        type: 'about:blank',
        title: 'Confirm who you are to continue',
        status: 401,
        code: 'ERR_REAUTHENTICATION_REQUIRED',
      },
    ])
  })
})

describe('a schema', () => {
  it('has its word on the data of a new session, and its output is what the app sees', async () => {
    const strict = site.make({ schema: z.object({ plan: z.string().toUpperCase() }) })
    const { value } = await routeBrowser().run(() =>
      strict.createSession({ userId: 'alice', data: { plan: 'free' } }),
    )
    expect(value).toMatchObject({ userId: 'alice', data: { plan: 'FREE' } })
  })
})
