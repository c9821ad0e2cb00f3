import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { EdgeSession } from '../src/lib/edge-session.ts'
import type { JsonObject } from '../src/lib/record.ts'
import { appOfTests } from './support/app.ts'
import { type RouteBrowser, routeBrowser } from './support/route-browser.ts'

const site = appOfTests()
let app: EdgeSession<JsonObject>
beforeEach(() => {
  app = site.make()
})

async function signIn(userId: string, data: JsonObject = {}): Promise<RouteBrowser & { id: string }> {
  const browser = routeBrowser()
  const { value } = await browser.run(() => app.createSession({ userId, data }))
  return Object.assign(browser, { id: value?.id ?? '' })
}

const isSignedIn = async (browser: RouteBrowser) => (await browser.run(() => app.getSession())).value !== null

describe('listSessions', () => {
  it('gives the sessions of the visitor, latest first, and marks this one', async () => {
    const phone = await signIn('alice')
    site.now += 1_000
    const laptop = await signIn('alice')
    await signIn('bob')
    const { value } = await phone.run(() => app.listSessions())
    expect(value?.map(({ id, current }) => [id, current])).toEqual([
      [laptop.id, false],
      [phone.id, true],
    ])
  })

  it('gives those of another user to an app that asks, also without a session, and marks none', async () => {
    const bob = await signIn('bob')
    for (const browser of [await signIn('alice'), routeBrowser()]) {
      const { value } = await browser.run(() => app.listSessions('bob'))
      expect(value?.map(({ id, current }) => [id, current])).toEqual([[bob.id, false]])
    }
  })

  it.each(['', 'a\ud800', 'u'.repeat(513)])('takes %j for no user id', async (userId) => {
    const admin = await signIn('admin')
    expect((await admin.run(() => app.listSessions(userId))).thrown).toBe('ERR_INVALID_ARGUMENT')
    const revoking = () => app.revokeSession(admin.id, { userId })
    expect((await admin.run(revoking)).thrown).toBe('ERR_INVALID_ARGUMENT')
  })

  it('gives none to a visitor without a session, and asks KV nothing', async () => {
    await signIn('alice')
    const before = site.kv.stats().commands
    expect((await routeBrowser().run(() => app.listSessions())).value).toEqual([])
    expect(site.kv.stats().commands - before).toBe(0)
  })

  it('leaves out what the schema refuses', async () => {
    const old = await signIn('alice', { plan: 1 })
    const alice = await signIn('alice', { plan: 'free' })
    app = site.make({ schema: z.object({ plan: z.string() }) })
    const { value } = await alice.run(() => app.listSessions())
    expect(value?.map(({ id }) => id)).toEqual([alice.id])
    expect(old.id).not.toBe(alice.id)
  })

  it('does not take a silent KV for no sessions', async () => {
    const alice = await signIn('alice')
    site.kv.faults.add({ action: { type: 'status', status: 500 } })
    expect((await alice.run(() => app.listSessions())).thrown).toBe('ERR_SESSION_UNKNOWN')
    expect((await alice.run(() => app.listSessions('alice'))).thrown).toBe('ERR_SESSION_UNKNOWN')
  })
})

describe('a session that was revoked, of which a cache does not know yet', () => {
  it('ends no other', async () => {
    app = site.make({ cache: { revocationLag: '1m' } })
    const elsewhere = site.make({ cache: {} })
    const [thief, owner] = [await signIn('alice'), await signIn('alice')]
    for (let view = 0; view < 3; view += 1) await thief.run(() => app.getSession())
    await owner.run(() => elsewhere.revokeSession(thief.id))
    expect(await isSignedIn(thief)).toBe(true)
    const ways: (() => Promise<unknown>)[] = [
      () => app.revokeSession(owner.id),
      () => app.revokeOtherSessions(),
    ]
    for (const revoke of ways) {
      expect((await thief.run(revoke)).thrown).toBe('ERR_SESSION_NOT_FOUND')
      expect(await isSignedIn(owner)).toBe(true)
    }
  })
})

describe('a session that ended while its request went on', () => {
  it('ends no other', async () => {
    const [thief, owner] = [await signIn('alice'), await signIn('alice')]
    const { thrown } = await thief.run(async () => {
      await app.getSession()
      await owner.run(() => app.revokeSession(thief.id))
      return app.revokeOtherSessions()
    })
    expect(thrown).toBe('ERR_SESSION_NOT_FOUND')
    expect(await isSignedIn(owner)).toBe(true)
  })

  it('does not end the one that took its place', async () => {
    const browser = await signIn('alice')
    const { token } = browser
    await browser.run(() => app.reauthenticate())
    const { thrown } = await routeBrowser(token).run(() => app.revokeOtherSessions())
    expect(thrown).toBe('ERR_SESSION_NOT_FOUND')
    expect(await isSignedIn(browser)).toBe(true)
  })
})

describe('the rest of a request', () => {
  it.each(['alice', 'bob'])('still has its session when another one of %s was ended', async (whose) => {
    const [alice, other] = [await signIn('alice'), await signIn(whose)]
    const { value } = await alice.run(async () => {
      await app.revokeSession(other.id, { userId: whose })
      if (whose !== 'alice') await app.revokeAllSessions(whose)
      return (await app.getSession())?.userId
    })
    expect(value).toBe('alice')
  })

  it('has none any more when its own was ended, in either way', async () => {
    const ways = [
      (id: string) => app.revokeSession(id),
      (id: string) => app.revokeSession(id, { userId: 'alice' }),
      () => app.revokeAllSessions('alice'),
    ]
    for (const end of ways) {
      const alice = await signIn('alice')
      const { value } = await alice.run(async () => {
        await app.getSession()
        await end(alice.id)
        return app.lookupSession()
      })
      expect(value).toEqual({ outcome: 'none', reason: 'revoked' })
    }
  })

  it('costs what the command budget says: who it is, and the change', async () => {
    const [phone, laptop] = [await signIn('alice'), await signIn('alice')]
    const namesOf = async (work: () => Promise<unknown>) => {
      const before = site.kv.journal().length
      await phone.run(work)
      return site.kv
        .journal()
        .slice(before)
        .map(({ command }) => command[0])
    }
    expect(await namesOf(() => app.listSessions())).toEqual(['HMGET', 'EVAL'])
    expect(await namesOf(() => app.revokeSession(laptop.id))).toEqual(['HMGET', 'EVAL'])
    expect(await namesOf(() => app.revokeOtherSessions())).toEqual(['HMGET', 'EVAL'])
  })
})

describe('revokeSession', () => {
  it("ends one of the visitor's own sessions", async () => {
    const phone = await signIn('alice')
    const laptop = await signIn('alice')
    expect((await phone.run(() => app.revokeSession(laptop.id))).value).toBe(true)
    expect(await isSignedIn(laptop)).toBe(false)
    expect(await isSignedIn(phone)).toBe(true)
    expect((await phone.run(() => app.revokeSession(laptop.id))).value).toBe(false)
  })

  it("ends nobody else's unless the app names the user", async () => {
    const alice = await signIn('alice')
    const bob = await signIn('bob')
    expect((await alice.run(() => app.revokeSession(bob.id))).value).toBe(false)
    expect((await alice.run(() => app.revokeSession(bob.id, {}))).value).toBe(false)
    expect(await isSignedIn(bob)).toBe(true)
    const byName = () => app.revokeSession(bob.id, { userId: 'bob' })
    expect((await routeBrowser().run(byName)).value).toBe(true)
    expect(await isSignedIn(bob)).toBe(false)
  })

  it('needs a session unless the app names the user', async () => {
    const bob = await signIn('bob')
    expect((await routeBrowser().run(() => app.revokeSession(bob.id))).thrown).toBe('ERR_SESSION_NOT_FOUND')
    expect((await routeBrowser().run(() => app.revokeSession('x'))).thrown).toBe('ERR_SESSION_NOT_FOUND')
    expect(await isSignedIn(bob)).toBe(true)
  })

  it.each(['', 'x', '*', `${'a'.repeat(43)}b`, `${'a'.repeat(42)}:`, `x${'a'.repeat(43)}`])(
    'asks KV nothing about %j, which is no id',
    async (id) => {
      const before = site.kv.stats().commands
      const { value } = await routeBrowser().run(() => app.revokeSession(id, { userId: 'bob' }))
      expect([value, site.kv.stats().commands - before]).toEqual([false, 0])
    },
  )
})

describe('revokeOtherSessions and revokeAllSessions', () => {
  it('end all of the user but this one, or all', async () => {
    const [phone, laptop, tablet] = [await signIn('alice'), await signIn('alice'), await signIn('alice')]
    const bob = await signIn('bob')
    expect((await phone.run(() => app.revokeOtherSessions())).value).toBe(2)
    expect(await Promise.all([phone, laptop, tablet].map(isSignedIn))).toEqual([true, false, false])
    expect((await bob.run(() => app.revokeAllSessions('alice'))).value).toBe(1)
    expect(await Promise.all([phone, bob].map(isSignedIn))).toEqual([false, true])
  })

  it('need a session, or a user', async () => {
    expect((await routeBrowser().run(() => app.revokeOtherSessions())).thrown).toBe('ERR_SESSION_NOT_FOUND')
    expect((await routeBrowser().run(async () => app.revokeAllSessions(''))).thrown).toBe(
      'ERR_INVALID_ARGUMENT',
    )
  })
})
