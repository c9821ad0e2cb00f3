import { describe, expect, it } from 'vitest'
import type { SessionRecord } from '../src/lib/record.ts'
import { type MemoryInstance, memoryInstance, unanswered } from './support/memory-instance.ts'
import { newId } from './support/records.ts'

const HOUR = 3_600_000

function stored(app: MemoryInstance, record: SessionRecord) {
  return app.store.read(record, { authoritative: true })
}

const setA = (value: number) => (record: SessionRecord) => ({ ...record, data: { ...record.data, a: value } })

describe('signing in', () => {
  const fieldsOf = ({ id, ...fields }: SessionRecord) => fields

  it('gives a token for a session that is stored, and tells', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    const at = app.clock.now
    const issued = await app.lifecycle.create(fieldsOf(held.record), { remember: false, previous: null })
    expect(issued.remember).toBe(false)
    expect(await app.engine.open([issued.token])).toMatchObject({
      id: issued.record.id,
      claims: { userId: 'alice', issuedAt: at, absoluteEnd: held.record.absoluteEnd, remember: false },
    })
    expect(await stored(app, issued.record)).toEqual({ kind: 'record', record: issued.record })
    expect(app.events).toEqual([{ type: 'sign-in', userId: 'alice', id: issued.record.id, evicted: 0, at }])
    expect(app.calls).toEqual(['create'])
  })

  it('replaces a session of the same user in the same step', async () => {
    const app = memoryInstance({ maxSessions: 1 })
    const { held } = await app.signIn()
    const { record } = await app.lifecycle.create(fieldsOf(held.record), {
      remember: true,
      previous: held.token,
    })
    expect(app.calls).toEqual(['create'])
    expect(app.events).toMatchObject([{ type: 'sign-in', evicted: 0 }])
    expect(await stored(app, held.record)).toEqual({ kind: 'missing' })
    expect(await stored(app, record)).toMatchObject({ kind: 'record' })
  })

  it("ends another user's session first", async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    app.next.set('create', unanswered('create'))
    const fields = { ...fieldsOf(held.record), userId: 'bob' }
    const failing = app.lifecycle.create(fields, { remember: true, previous: held.token })
    await expect(failing).rejects.toMatchObject({ code: 'ERR_SESSION_UNKNOWN' })
    expect(app.calls).toEqual(['destroy', 'create'])
    expect(app.events).toEqual([])
    expect(await stored(app, held.record)).toEqual({ kind: 'missing' })
  })

  it('beyond the limit evicts, or is refused', async () => {
    const app = memoryInstance({ maxSessions: 1 })
    const { held } = await app.signIn()
    await app.lifecycle.create(fieldsOf(held.record), { remember: true, previous: null })
    expect(app.events).toMatchObject([{ type: 'sign-in', evicted: 1 }])
    const strict = app.with({ whenFull: 'refuse' })
    const refused = strict.lifecycle.create(fieldsOf(held.record), { remember: true, previous: null })
    await expect(refused).rejects.toMatchObject({ code: 'ERR_SESSION_LIMIT' })
    expect(strict.events).toEqual([])
  })
})

describe('updating', () => {
  it('stores a new version, and tells', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    const { record, issued } = await app.lifecycle.update(held, setA(1))
    expect(record).toEqual({ ...held.record, version: 2, data: { a: 1 } })
    expect(issued).toBeNull()
    expect(await stored(app, record)).toEqual({ kind: 'record', record })
    expect(app.events).toEqual([{ type: 'update', userId: 'alice', id: record.id, at: app.clock.now }])
    expect(app.calls).toEqual(['update'])
  })

  it('changes what another one stored meanwhile', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn({ data: { b: 1 } })
    await app.lifecycle.update(held, (record) => ({ ...record, data: { ...record.data, b: 2 } }))
    const { record } = await app.lifecycle.update(held, setA(1))
    expect(record).toMatchObject({ version: 3, data: { a: 1, b: 2 } })
    expect(app.calls).toEqual(['update', 'update', 'update'])
  })

  it('follows a rotation within its grace, and no longer', async () => {
    const app = memoryInstance({ rotationGrace: '30s' })
    const { held } = await app.signIn()
    await app.lifecycle.rotate(held)
    app.clock.now += 29_999
    expect((await app.lifecycle.update(held, setA(1))).record.data).toEqual({ a: 1 })
    app.clock.now += 1
    await expect(app.lifecycle.update(held, setA(2))).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_FOUND' })
  })

  it('gives the visitor a token that says so where there is a cache', async () => {
    const app = memoryInstance({ cache: {} })
    const { held } = await app.signIn({ remember: false })
    const { record, issued } = await app.lifecycle.update(held, setA(1))
    expect(issued).toMatchObject({ record, remember: false })
    expect(await app.engine.open([issued?.token ?? ''])).toMatchObject({
      id: record.id,
      claims: { ...held.token.claims, version: 2 },
    })
    const renewed = await app.lifecycle.rotate(held)
    // Its id is another one by now, so that it is on its way to a new token anyway.
    expect((await app.lifecycle.update({ ...held, record }, setA(2))).issued).toBeNull()
    expect(renewed).not.toBeNull()
  })

  it('of a session that is gone says so, and does not guess when it is not known', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    app.next.set('update', unanswered('update'))
    await expect(app.lifecycle.update(held, setA(1))).rejects.toMatchObject({ operation: 'update' })
    app.next.set('update', () => ({ kind: 'missing' }))
    app.next.set('read primary', () => ({ kind: 'newer' }))
    await expect(app.lifecycle.update(held, setA(1))).rejects.toMatchObject({
      code: 'ERR_SESSION_UNKNOWN',
      operation: 'read',
    })
    await app.store.destroy(held.record)
    await expect(app.lifecycle.update(held, setA(1))).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_FOUND' })
  })

  it('does not go round in circles', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    const missing = () => {
      app.next.set('update', missing)
      return { kind: 'missing' }
    }
    const trail = () => {
      app.next.set('read primary', trail)
      return { kind: 'rotated', nextId: newId(), graceEnd: app.clock.now + 1 }
    }
    app.next.set('update', missing)
    app.next.set('read primary', trail)
    await expect(app.lifecycle.update(held, setA(1))).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_FOUND' })
    expect(app.calls.filter((name) => name === 'read primary')).toHaveLength(9)
  })

  it('gives up after 128 collisions', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    const conflict = () => {
      app.next.set('update', conflict)
      return { kind: 'conflict', current: held.record }
    }
    app.next.set('update', conflict)
    await expect(app.lifecycle.update(held, setA(1))).rejects.toMatchObject({ code: 'ERR_UPDATE_CONFLICT' })
    expect(app.calls).toHaveLength(128)
  })
})

describe('rotating', () => {
  it('moves the session, and tells', async () => {
    const app = memoryInstance({ rotationGrace: '30s' })
    const { held } = await app.signIn({ remember: false })
    app.clock.now += 1_000
    const at = app.clock.now
    const issued = await app.lifecycle.rotate(held)
    expect(issued).toMatchObject({
      remember: false,
      record: { ...held.record, lastSeenAt: at, id: issued?.record.id },
    })
    expect(await app.engine.open([issued?.token ?? ''])).toMatchObject({
      id: issued?.record.id,
      claims: { issuedAt: at, remember: false },
    })
    expect(await stored(app, held.record)).toEqual({
      kind: 'rotated',
      nextId: issued?.record.id,
      graceEnd: at + 30_000,
    })
    expect(app.events).toEqual([
      {
        type: 'rotation',
        cause: 'routine',
        previousId: held.record.id,
        userId: 'alice',
        id: issued?.record.id,
        at,
      },
    ])
  })

  it('does not move activity back', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    app.clock.now -= HOUR
    expect((await app.lifecycle.rotate(held))?.record.lastSeenAt).toBe(held.record.lastSeenAt)
  })

  it('agrees with one that was first, and has no token for one by somebody else', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    const [first, second] = [await app.lifecycle.rotate(held), await app.lifecycle.rotate(held)]
    expect(second?.record.id).toBe(first?.record.id)
    const { held: other } = await app.signIn()
    app.next.set('rotate', () => ({ kind: 'rotated', nextId: newId(), graceEnd: app.clock.now + 1 }))
    expect(await app.lifecycle.rotate(other)).toBeNull()
    for (const kind of ['missing', 'conflict']) {
      app.next.set('rotate', () => ({ kind }))
      expect(await app.lifecycle.rotate(other)).toBeNull()
    }
  })
})

describe('re-authentication', () => {
  it('starts the session over under a new id, and tells', async () => {
    const app = memoryInstance({ idle: '1h', absolute: '8h' })
    const { held } = await app.signIn({ data: { a: 1 }, remember: false })
    app.clock.now += HOUR / 2
    const at = app.clock.now
    const issued = await app.lifecycle.reauthenticate(held, { role: 'admin' })
    expect(issued.record).toEqual({
      ...held.record,
      id: issued.record.id,
      role: 'admin',
      version: 2,
      authenticatedAt: at,
      lastSeenAt: at,
      absoluteEnd: at + 8 * HOUR,
    })
    expect(issued.remember).toBe(false)
    expect(await app.engine.open([issued.token])).toMatchObject({ id: issued.record.id })
    expect(await stored(app, issued.record)).toEqual({ kind: 'record', record: issued.record })
    expect(await stored(app, held.record)).toEqual({ kind: 'missing' })
    expect(app.events).toEqual([
      {
        type: 'rotation',
        cause: 'reauthentication',
        previousId: held.record.id,
        userId: 'alice',
        id: issued.record.id,
        at,
      },
    ])
    // A second time, its lifetime is that of the first, not longer.
    app.clock.now += HOUR / 2
    const opened = await app.engine.open([issued.token])
    if (typeof opened === 'string') throw new Error(opened)
    const again = await app.lifecycle.reauthenticate({ token: opened, record: issued.record }, { role: null })
    expect(again.record).toMatchObject({ role: null, absoluteEnd: app.clock.now + 8 * HOUR })
  })

  it('asks once more when the answer is lost, and only then', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    app.next.set('rotate', unanswered('rotate'))
    const { record } = await app.lifecycle.reauthenticate(held, { role: null })
    expect(app.calls).toEqual(['rotate', 'rotate'])
    expect(await stored(app, record)).toMatchObject({ kind: 'record' })
    const { held: other } = await app.signIn()
    app.next.set('rotate', () => {
      throw new TypeError('own')
    })
    await expect(app.lifecycle.reauthenticate(other, { role: null })).rejects.toThrow('own')
    expect(app.calls).toEqual(['rotate'])
  })

  it('keeps an update made meanwhile, and gives up after 128 collisions', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    await app.lifecycle.update(held, setA(1))
    expect((await app.lifecycle.reauthenticate(held, { role: 'admin' })).record).toMatchObject({
      version: 3,
      data: { a: 1 },
    })
    const { held: other } = await app.signIn()
    const conflict = () => {
      app.next.set('rotate', conflict)
      return { kind: 'conflict' }
    }
    // Nothing is stored, so what is read stays.
    const record = () => {
      app.next.set('read primary', record)
      return { kind: 'record', record: other.record }
    }
    app.next.set('rotate', conflict)
    app.next.set('read primary', record)
    await expect(app.lifecycle.reauthenticate(other, { role: null })).rejects.toMatchObject({
      code: 'ERR_UPDATE_CONFLICT',
    })
    expect(app.calls.filter((name) => name === 'rotate')).toHaveLength(128)
  })
})

describe('ending', () => {
  it('a session tells of it if there was one', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    expect(await app.lifecycle.destroy(held.token)).toBe(true)
    expect(await app.lifecycle.destroy(held.token)).toBe(false)
    const { held: other } = await app.signIn()
    const at = app.clock.now
    expect(await app.lifecycle.revoke(other.record)).toBe(true)
    expect(await app.lifecycle.revoke(other.record)).toBe(false)
    expect(app.events).toEqual([{ type: 'revocation', userId: 'alice', revoked: 1, at }])
  })

  it('by its token is a sign-out', async () => {
    const app = memoryInstance()
    const { held } = await app.signIn()
    await app.lifecycle.destroy(held.token)
    await app.lifecycle.destroy(held.token)
    expect(app.events).toEqual([{ type: 'sign-out', userId: 'alice', id: held.record.id, at: app.clock.now }])
  })

  it('all sessions of a user, or all but one, tells how many', async () => {
    const app = memoryInstance()
    const kept = await app.signIn()
    await app.signIn()
    await app.signIn({ userId: 'bob' })
    expect(await app.lifecycle.revokeAll('alice', { except: kept.held.record.id })).toBe(1)
    expect(await app.lifecycle.revokeAll('alice', { except: null })).toBe(1)
    expect(app.events).toMatchObject([
      { type: 'revocation', userId: 'alice', revoked: 1 },
      { type: 'revocation', userId: 'alice', revoked: 1 },
    ])
    expect(await app.lifecycle.list('bob')).toHaveLength(1)
  })
})

describe('a list', () => {
  it('holds what is alive, the latest used first', async () => {
    const app = memoryInstance({ idle: '1h' })
    const idle = await app.signIn({ lastSeenAt: app.clock.now - HOUR })
    const early = await app.signIn({ lastSeenAt: app.clock.now - 3 })
    const late = await app.signIn({ lastSeenAt: app.clock.now - 1 })
    const middle = await app.signIn({ lastSeenAt: app.clock.now - 2 })
    const listed = await app.lifecycle.list('alice')
    expect(listed.map(({ id }) => id)).toEqual([late, middle, early].map(({ held }) => held.record.id))
    expect(idle.held.record.userId).toBe('alice')
  })

  it('leaves out what is over, though the store still has it', async () => {
    const app = memoryInstance({ idle: '1h' })
    const { held } = await app.signIn()
    const over = { ...held.record, id: newId(), lastSeenAt: app.clock.now - HOUR }
    const alive = { ...held.record, id: newId(), lastSeenAt: app.clock.now - HOUR + 1 }
    app.next.set('list', () => [over, alive])
    expect((await app.lifecycle.list('alice')).map(({ id }) => id)).toEqual([alive.id])
  })
})
