import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { EdgeSession } from '../src/lib/edge-session.ts'
import type { JsonObject } from '../src/lib/record.ts'
import { appOfTests } from './support/app.ts'
import { routeBrowser } from './support/route-browser.ts'
import { visit } from './support/visit.ts'

const HOUR = 3_600_000
const CLEARED =
  /^__Host-session=; Path=\/; Expires=Thu, 01 Jan 1970 .*Max-Age=0.*Secure; HttpOnly; SameSite=lax$/

const site = appOfTests()
let app: EdgeSession<JsonObject>
beforeEach(() => {
  app = site.make()
})

async function signIn(userId: string, data: JsonObject = {}) {
  const browser = routeBrowser()
  await browser.run(() => app.createSession({ userId, role: 'member', data }))
  return browser
}

/** KV fails until it is told otherwise. */
function breakKV(): () => void {
  return site.kv.faults.add({ action: { type: 'status', status: 500 } })
}

describe('createSession', () => {
  it('sets the one cookie, for as long as the session may last', async () => {
    const browser = routeBrowser()
    const { value, setCookies } = await browser.run(() => app.createSession({ userId: 'alice' }))
    expect(setCookies).toEqual([
      expect.stringMatching(
        /^__Host-session=[\w.-]+; Path=\/; Expires=.*; Max-Age=2592000; Secure; HttpOnly; SameSite=lax$/,
      ),
    ])
    expect(value).toMatchObject({ userId: 'alice', role: null, data: {}, userAgent: null, ip: null })
    expect((await browser.run(() => app.getSession())).value).toEqual(value)
  })

  it('ends the cookie with the session, whatever is left of it', async () => {
    const browser = routeBrowser()
    const short = await browser.run(() => app.createSession({ userId: 'alice', idle: '1h', absolute: '1d' }))
    expect(short.setCookies).toEqual([expect.stringContaining('Max-Age=86400;')])
    site.now += HOUR / 2
    const { setCookies } = await browser.run(() => app.rotateSession())
    expect(setCookies).toEqual([expect.stringContaining(`Max-Age=${86_400 - 1_800};`)])
  })

  it('sets one without an end when the browser is not to remember', async () => {
    const { setCookies } = await routeBrowser().run(() =>
      app.createSession({ userId: 'alice', remember: false }),
    )
    expect(setCookies).toEqual([
      expect.stringMatching(/^__Host-session=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=lax$/),
    ])
  })

  it('records the browser as it names itself, unless the app says otherwise', async () => {
    const headers = { 'user-agent': 'Browser 1' }
    const agentOf = async (given: { userAgent?: string | null }) => {
      const work = () => app.createSession({ userId: 'alice', ip: '192.0.2.1', ...given })
      return (await routeBrowser().run(work, headers)).value?.userAgent
    }
    expect(await agentOf({})).toBe('Browser 1')
    expect(await agentOf({ userAgent: 'App 2' })).toBe('App 2')
    expect(await agentOf({ userAgent: null })).toBeNull()
  })

  it('is what the rest of the request sees, without asking KV', async () => {
    const { value } = await routeBrowser().run(async () => {
      const before = await app.getSession()
      const created = await app.createSession({ userId: 'alice' })
      const commands = await site.commandsDuring(() => app.getSession())
      return { before, created, after: await app.getSession(), commands }
    })
    expect(value?.before).toBeNull()
    expect(value?.after).toEqual(value?.created)
    expect(value?.commands).toBe(0)
  })

  it.each(['alice', 'bob'])('over a session of alice ends it and passes nothing on to %s', async (userId) => {
    const browser = await signIn('alice', { cart: ['secret'] })
    const planted = routeBrowser(browser.token)
    const { value } = await browser.run(() => app.createSession({ userId }))
    expect(value).toMatchObject({ userId, role: null, data: {} })
    expect((await planted.run(() => app.getSession())).value).toBeNull()
    expect((await browser.run(() => app.getSession())).value).toMatchObject({ userId, data: {} })
    expect((await browser.run(() => app.listSessions(userId))).value).toHaveLength(1)
  })

  it('says why data was refused', async () => {
    const strict = site.make({ schema: z.object({ plan: z.string() }) })
    const work = () => strict.createSession({ userId: 'alice' }).catch((error: Error) => error.message)
    expect((await routeBrowser().run(work)).value).toBe(
      'edge-session: the session data does not match the schema.',
    )
  })

  it('stores nothing that the schema refuses', async () => {
    const strict = site.make({ schema: z.object({ plan: z.string() }) })
    const { thrown, setCookies } = await routeBrowser().run(() =>
      strict.createSession({ userId: 'alice', data: { plan: 1 } }),
    )
    expect([thrown, setCookies]).toEqual(['ERR_INVALID_ARGUMENT', []])
    expect(await site.kv.command('DBSIZE')).toBe(0)
  })

  it('sets no cookie when KV does not answer', async () => {
    const mend = breakKV()
    const { thrown, setCookies } = await routeBrowser().run(() => app.createSession({ userId: 'alice' }))
    mend()
    expect([thrown, setCookies]).toEqual(['ERR_SESSION_UNKNOWN', []])
  })
})

describe('getSession and lookupSession', () => {
  it('cost one KV command for the whole request', async () => {
    const alice = await signIn('alice')
    const commands = await site.commandsDuring(() =>
      alice.run(async () => {
        await Promise.all([app.getSession(), app.lookupSession(), app.requireSession()])
        await app.getSession()
      }),
    )
    expect(commands).toBe(1)
  })

  it('ask once more where it has to be fresh, and remember that too', async () => {
    const alice = await signIn('alice')
    const commands = await site.commandsDuring(() =>
      alice.run(async () => {
        await app.getSession()
        await app.getSession({ fresh: true })
        await app.getSession({ fresh: true })
        await app.getSession()
      }),
    )
    expect(commands).toBe(2)
  })

  it('see with fresh what ended since the request began', async () => {
    const [alice, elsewhere] = [await signIn('alice'), routeBrowser()]
    const { value } = await alice.run(async () => {
      const before = await app.getSession()
      await elsewhere.run(() => app.revokeAllSessions('alice'))
      return [before?.userId, (await app.getSession())?.userId, await app.getSession({ fresh: true })]
    })
    expect(value).toEqual(['alice', 'alice', null])
  })

  it('tell the three outcomes apart', async () => {
    const alice = await signIn('alice')
    const outcome = async () => (await alice.run(() => app.lookupSession())).value
    expect(await outcome()).toMatchObject({ outcome: 'active', session: { userId: 'alice' } })
    const mend = breakKV()
    expect(await outcome()).toMatchObject({ outcome: 'unknown', error: { code: 'ERR_SESSION_UNKNOWN' } })
    expect((await alice.run(() => app.getSession())).thrown).toBe('ERR_SESSION_UNKNOWN')
    mend()
    await alice.run(() => app.revokeAllSessions('alice'))
    expect(await outcome()).toEqual({ outcome: 'none', reason: 'revoked' })
    expect((await routeBrowser().run(() => app.lookupSession())).value).toEqual({
      outcome: 'none',
      reason: 'no-cookie',
    })
  })

  it('cost nothing behind the proxy, and believe no other request’s', async () => {
    const alice = await signIn('alice')
    const bob = await signIn('bob')
    const { seen } = await visit(app.proxy, '/', { token: alice.token ?? '' })
    const identity = { 'x-edge-session': seen?.get('x-edge-session') ?? '' }
    let value: unknown
    const commands = await site.commandsDuring(async () => {
      value = (await alice.run(() => app.getSession(), identity)).value
    })
    expect(commands).toBe(0)
    expect(value).toMatchObject({ userId: 'alice' })
    expect((await bob.run(() => app.getSession(), identity)).value).toMatchObject({ userId: 'bob' })
  })

  it('do not ask KV again that did not answer the proxy, and keep a public page up', async () => {
    const guarded = site.make({
      protect: { routes: [{ path: '/open-when-unknown', whenUnknown: 'continue' }] },
    })
    const alice = await signIn('alice')
    const mend = breakKV()
    const identityOn = async (path: string) => {
      const { seen } = await visit(guarded.proxy, path, { token: alice.token ?? '' })
      return { 'x-edge-session': seen?.get('x-edge-session') ?? '' }
    }
    const open = await identityOn('/public')
    const closed = await identityOn('/open-when-unknown')
    mend()
    const commands = await site.commandsDuring(async () => {
      expect(await alice.run(() => guarded.getSession(), open)).toMatchObject({ value: null })
      expect((await alice.run(() => guarded.getSession(), closed)).thrown).toBe('ERR_SESSION_UNKNOWN')
      expect((await alice.run(() => guarded.getSession({ fresh: true }), closed)).thrown).toBe(
        'ERR_SESSION_UNKNOWN',
      )
      expect((await alice.run(() => guarded.requireSession(), open)).thrown).toBe('ERR_SESSION_UNKNOWN')
      expect((await alice.run(() => guarded.createSession({ userId: 'alice' }), open)).thrown).toBe(
        'ERR_SESSION_UNKNOWN',
      )
    })
    expect(commands).toBe(0)
  })

  it('give a session that is never that of another request', async () => {
    const browsers = await Promise.all(['alice', 'bob', 'carol'].map((userId) => signIn(userId)))
    const seen = await Promise.all(
      [...browsers, routeBrowser()].map((browser) => browser.run(() => app.getSession())),
    )
    expect(seen.map(({ value }) => value?.userId)).toEqual(['alice', 'bob', 'carol', undefined])
  })
})

describe('requireSession', () => {
  it('redirects to sign in, with the way back where there is one', async () => {
    const at = async (returnTo?: '/a?b=c&d') =>
      (await routeBrowser().run(() => app.requireSession(returnTo === undefined ? {} : { returnTo }))).thrown
    expect(await at()).toMatch(/^NEXT_REDIRECT;\w+;\/login;307;$/)
    expect(await at('/a?b=c&d')).toMatch(/^NEXT_REDIRECT;\w+;\/login\?next=%2Fa%3Fb%3Dc%26d;307;$/)
  })

  it('sends on whose proof is too old, and asks KV whether there was a newer one', async () => {
    app = site.make({ protect: { signIn: '/enter', reauthenticate: '/again' } })
    const alice = await signIn('alice')
    site.now += HOUR
    const within = (maxAge: '1h' | '59m') => alice.run(() => app.requireSession({ maxAge, returnTo: '/x' }))
    expect((await within('1h')).value).toMatchObject({ userId: 'alice' })
    expect((await within('59m')).thrown).toMatch(/;\/again\?next=%2Fx;/)
    expect((await routeBrowser().run(() => app.requireSession({ maxAge: '1h' }))).thrown).toMatch(/;\/enter;/)
    const { value } = await alice.run(async () => {
      await app.requireSession()
      await app.reauthenticate()
      return app.requireSession({ maxAge: '59m' })
    })
    expect(value).toMatchObject({ userId: 'alice' })
  })

  it('asks KV past what is remembered where the proof has to be new', async () => {
    const alice = await signIn('alice')
    const { thrown } = await alice.run(async () => {
      await app.getSession()
      // In another request: this one is not told.
      await routeBrowser().run(() => app.revokeAllSessions('alice'))
      expect(await app.getSession()).toMatchObject({ userId: 'alice' })
      await app.requireSession({ maxAge: '1h' })
    })
    expect(thrown).toMatch(/;\/login;/)
  })

  it('lets pass only who is allowed', async () => {
    const alice = await signIn('alice')
    const as = (role: string) =>
      alice.run(() => app.requireSession({ allow: (session) => session.role === role }))
    expect((await as('member')).value).toMatchObject({ userId: 'alice' })
    // Next.js wants `experimental.authInterrupts` for it, which is off here.
    expect(String((await as('admin')).thrown)).toMatch(/forbidden\(\)|HTTP_ERROR_FALLBACK;403/)
  })

  it('refuses an age that is no duration', async () => {
    const alice = await signIn('alice')
    const work = () => app.requireSession({ maxAge: 'long' as '1h' }).catch((error: Error) => error.message)
    expect((await alice.run(work)).value).toMatch(/^edge-session: "maxAge" is not a duration/)
  })

  it('throws when it is not known: that is no reason to sign in again', async () => {
    const alice = await signIn('alice')
    breakKV()
    const { thrown, setCookies } = await alice.run(() => app.requireSession())
    expect([thrown, setCookies]).toEqual(['ERR_SESSION_UNKNOWN', []])
  })
})

describe('updateSession', () => {
  it('merges an object, and replaces by what a function makes', async () => {
    const alice = await signIn('alice', { a: 1, b: 1 })
    const dataAfter = async (work: () => Promise<{ data: JsonObject }>) => (await alice.run(work)).value?.data
    expect(await dataAfter(() => app.updateSession({ b: 2, c: 3 }))).toEqual({ a: 1, b: 2, c: 3 })
    expect(await dataAfter(() => app.updateSession(({ a = 0 }) => ({ a: Number(a) + 1 })))).toEqual({ a: 2 })
    expect((await alice.run(() => app.getSession())).value?.data).toEqual({ a: 2 })
  })

  it('is what the rest of the request sees, and needs no new cookie', async () => {
    const alice = await signIn('alice')
    const { value, setCookies } = await alice.run(async () => {
      await app.updateSession({ a: 1 })
      return (await app.getSession())?.data
    })
    expect([value, setCookies]).toEqual([{ a: 1 }, []])
  })

  it('hands the visitor a token that says so where another node may have older data in memory', async () => {
    app = site.make({ cache: {} })
    const alice = await signIn('alice')
    const before = alice.token
    const { value, setCookies } = await alice.run(() => app.updateSession({ a: 1 }))
    expect(value?.data).toEqual({ a: 1 })
    expect(setCookies).toHaveLength(1)
    expect(alice.token).not.toBe(before)
    expect((await alice.run(() => app.getSession())).value).toMatchObject({ id: value?.id, data: { a: 1 } })
  })

  it('changes nothing when the data is too large or no object', async () => {
    const alice = await signIn('alice', { a: 1 })
    const change = (data: unknown) => alice.run(() => app.updateSession(() => data as JsonObject))
    expect((await change({ text: 'x'.repeat(4_096) })).thrown).toBe('ERR_SESSION_TOO_LARGE')
    for (const wrong of [null, 'text', 1, ['list'], undefined, { n: 1n }])
      expect((await change(wrong)).thrown).toBe('ERR_INVALID_ARGUMENT')
    expect((await alice.run(() => app.getSession())).value?.data).toEqual({ a: 1 })
  })

  it('needs a session, and an answer', async () => {
    expect((await routeBrowser().run(() => app.updateSession({}))).thrown).toBe('ERR_SESSION_NOT_FOUND')
    const alice = await signIn('alice')
    breakKV()
    expect((await alice.run(() => app.updateSession({}))).thrown).toBe('ERR_SESSION_UNKNOWN')
  })

  it('changes nothing when the schema refuses the data, and signs nobody out', async () => {
    const alice = await signIn('alice', { plan: 'free' })
    app = site.make({ schema: z.object({ plan: z.string() }) })
    for (const change of [{ plan: 1 }, () => ({ plan: 1 }), () => ({})]) {
      const { thrown, setCookies } = await alice.run(() => app.updateSession(change))
      expect([thrown, setCookies]).toEqual(['ERR_INVALID_ARGUMENT', []])
    }
    expect((await alice.run(() => app.getSession())).value?.data).toEqual({ plan: 'free' })
  })

  it('gives the function what the schema makes of the data, as pages see it', async () => {
    const schema = z.object({ cart: z.array(z.string()).default([]) })
    const alice = await signIn('alice')
    const shop = site.make({ schema })
    const add = (item: string) =>
      alice.run(() => shop.updateSession(({ cart }) => ({ cart: [...(cart as string[]), item] })))
    await add('tea')
    await add('jam')
    expect((await alice.run(() => shop.getSession())).value?.data).toEqual({ cart: ['tea', 'jam'] })
  })

  it('counts every one of many that come to the same', async () => {
    const alice = await signIn('alice')
    const count = () => app.updateSession(({ n = 0 }) => ({ n: Number(n) + 1 }))
    await alice.run(() => Promise.all(Array.from({ length: 5 }, count)))
    await Promise.all(Array.from({ length: 5 }, () => routeBrowser(alice.token).run(count)))
    expect((await alice.run(() => app.getSession())).value?.data).toEqual({ n: 10 })
  })

  it('changes nothing that the function does to the data and does not return', async () => {
    app = site.make({ cache: {} })
    const alice = await signIn('alice', { list: [1] })
    const { thrown } = await alice.run(() =>
      app.updateSession((data) => {
        ;(data.list as number[]).push(2)
        throw new RangeError('an error of the app')
      }),
    )
    expect(thrown).toEqual(expect.anything())
    expect((await alice.run(() => app.getSession())).value?.data).toEqual({ list: [1] })
  })
})

describe('an instance that Next.js loaded twice, for its actions and for its pages', () => {
  it('shows the page what the action did', async () => {
    const pages = site.make()
    const browser = routeBrowser()
    const { value } = await browser.run(async () => {
      const told: unknown[] = [await pages.getSession()]
      const { id } = await app.createSession({ userId: 'alice' })
      told.push((await pages.getSession())?.id === id)
      await app.updateSession({ theme: 'dark' })
      told.push((await pages.getSession())?.data)
      await pages.updateSession({ size: 1 })
      told.push((await app.getSession())?.data)
      await app.destroySession()
      return [...told, await pages.getSession(), await pages.lookupSession()]
    })
    expect(value).toEqual([
      null,
      true,
      { theme: 'dark' },
      { theme: 'dark', size: 1 },
      null,
      { outcome: 'none', reason: 'revoked' },
    ])
  })

  it('tells nothing to another request, nor to an instance with another cookie', async () => {
    const other = site.make({ cookie: { name: 'other', secure: true } })
    const { value } = await routeBrowser().run(async () => {
      await app.createSession({ userId: 'alice' })
      return other.getSession()
    })
    expect(value).toBeNull()
    expect((await routeBrowser().run(() => app.getSession())).value).toBeNull()
  })
})

describe('what ends the own session in passing', () => {
  it.each([
    ['revokeSession', (id: string) => app.revokeSession(id)],
    ['revokeSession for a named user', (id: string) => app.revokeSession(id, { userId: 'alice' })],
    ['revokeAllSessions', () => app.revokeAllSessions('alice')],
  ])('is seen by the rest of the request: %s', async (_, end) => {
    const alice = await signIn('alice')
    const { value } = await alice.run(async () => {
      const { id = '' } = (await app.getSession()) ?? {}
      await end(id)
      return app.lookupSession()
    })
    expect(value).toEqual({ outcome: 'none', reason: 'revoked' })
  })

  it('is no sign-in that is refused for somebody else, whose session stays theirs', async () => {
    app = site.make({ maxSessions: 1, whenFull: 'refuse' })
    const [alice, bob] = [await signIn('alice'), await signIn('bob')]
    const { thrown, value, setCookies } = await alice.run(async () => {
      const refused = await app.createSession({ userId: 'bob' }).catch((error) => error.code)
      return [refused, await app.getSession()]
    })
    expect([thrown, value]).toEqual([undefined, ['ERR_SESSION_LIMIT', null]])
    expect(setCookies).toEqual([expect.stringMatching(CLEARED)])
    expect((await bob.run(() => app.getSession())).value?.userId).toBe('bob')
  })
})

describe('destroySession', () => {
  it('clears the cookie, and ends it for everyone who has its token', async () => {
    const alice = await signIn('alice')
    const copy = routeBrowser(alice.token)
    const { value, setCookies } = await alice.run(() => app.destroySession())
    expect([value, setCookies]).toEqual([true, [expect.stringMatching(CLEARED)]])
    expect((await copy.run(() => app.getSession())).value).toBeNull()
  })

  it('clears the snapshot as well, where visitors carry one', async () => {
    app = site.make({ cache: { snapshot: '1m' } })
    const { setCookies } = await (await signIn('alice')).run(() => app.destroySession())
    expect(setCookies).toEqual([
      expect.stringMatching(CLEARED),
      expect.stringMatching(/^__Host-session-snapshot=; .*Max-Age=0/),
    ])
  })

  it('leaves the rest of the request without a session', async () => {
    const alice = await signIn('alice')
    const { value } = await alice.run(async () => {
      const before = await app.getSession()
      await app.destroySession()
      return [before?.userId, await app.lookupSession(), await app.destroySession()]
    })
    expect(value).toEqual(['alice', { outcome: 'none', reason: 'revoked' }, expect.any(Boolean)])
  })

  it('clears the cookie of who has no session, and says that there was none', async () => {
    for (const token of [null, 'garbage']) {
      const { value, setCookies } = await routeBrowser(token).run(() => app.destroySession())
      expect([value, setCookies]).toEqual([false, [expect.stringMatching(CLEARED)]])
    }
    const alice = await signIn('alice')
    await alice.run(() => app.revokeAllSessions('alice'))
    expect((await alice.run(() => app.destroySession())).value).toBe(false)
  })

  it('clears the cookie also when KV does not answer, and says so', async () => {
    const alice = await signIn('alice')
    breakKV()
    const { thrown, setCookies } = await alice.run(() => app.destroySession())
    expect([thrown, setCookies]).toEqual(['ERR_SESSION_UNKNOWN', [expect.stringMatching(CLEARED)]])
  })
})

describe('rotateSession', () => {
  it('gives a new token, under which the session goes on', async () => {
    const alice = await signIn('alice', { a: 1 })
    const before = alice.token
    const { value, setCookies } = await alice.run(async () => {
      const old = await app.getSession()
      const rotated = await app.rotateSession()
      return { old, rotated, current: await app.getSession() }
    })
    expect(setCookies).toHaveLength(1)
    expect(alice.token).not.toBe(before)
    expect(value?.rotated).toMatchObject({ userId: 'alice', data: { a: 1 } })
    expect(value?.rotated?.id).not.toBe(value?.old?.id)
    expect(value?.current?.id).toBe(value?.rotated?.id)
    expect((await alice.run(() => app.getSession())).value?.id).toBe(value?.rotated?.id)
  })

  it('has nothing to rotate without a session, and does not guess without an answer', async () => {
    expect(await routeBrowser().run(() => app.rotateSession())).toMatchObject({ value: null, setCookies: [] })
    const alice = await signIn('alice')
    const mend = breakKV()
    expect((await alice.run(() => app.rotateSession())).thrown).toBe('ERR_SESSION_UNKNOWN')
    mend()
    const { value } = await alice.run(async () => {
      await app.getSession()
      await app.revokeAllSessions('alice')
      return app.rotateSession()
    })
    expect(value).toBeNull()
  })
})

describe('reauthenticate', () => {
  it('starts over under a new id, with the role given', async () => {
    const alice = await signIn('alice', { a: 1 })
    const copy = routeBrowser(alice.token)
    site.now += HOUR
    const { value, setCookies } = await alice.run(async () => {
      const old = await app.getSession()
      return { old, renewed: await app.reauthenticate({ role: 'admin' }), current: await app.getSession() }
    })
    expect(setCookies).toHaveLength(1)
    expect(value?.renewed).toMatchObject({
      role: 'admin',
      data: { a: 1 },
      authenticatedAt: new Date(site.now),
    })
    expect(value?.renewed.id).not.toBe(value?.old?.id)
    expect(value?.current).toEqual(value?.renewed)
    expect((await copy.run(() => app.getSession())).value).toBeNull()
    expect((await alice.run(() => app.getSession())).value).toEqual(value?.renewed)
  })

  it('keeps the role unless one is given, and takes it away with null', async () => {
    const alice = await signIn('alice')
    const roleAfter = async (...args: Parameters<typeof app.reauthenticate>) =>
      (await alice.run(() => app.reauthenticate(...args))).value?.role
    expect(await roleAfter()).toBe('member')
    expect(await roleAfter({})).toBe('member')
    expect(await roleAfter({ role: null })).toBeNull()
  })

  it('needs a session', async () => {
    expect((await routeBrowser().run(() => app.reauthenticate())).thrown).toBe('ERR_SESSION_NOT_FOUND')
  })
})

describe('a session that its browser is not to remember', () => {
  it('stays one when it is rotated or proven again', async () => {
    const browser = routeBrowser()
    await browser.run(() => app.createSession({ userId: 'alice', remember: false }))
    for (const work of [() => app.rotateSession(), () => app.reauthenticate()]) {
      const { setCookies } = await browser.run(work)
      expect(setCookies).toEqual([expect.not.stringMatching(/Max-Age|Expires/)])
    }
  })
})
