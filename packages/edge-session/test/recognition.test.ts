import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Active } from '../src/lib/engine.ts'
import type { JsonObject } from '../src/lib/record.ts'
import { type MemoryInstance, memoryInstance, unanswered } from './support/memory-instance.ts'
import { newId } from './support/records.ts'
import { OTHER_SECRET, SECRET } from './support/secrets.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const ASKED_TWICE = ['read nearest', 'read primary']
const timeout = { code: 'ERR_SESSION_UNKNOWN', operation: 'read', reason: 'timeout' }

async function activeOf(app: MemoryInstance, token: string): Promise<Active<JsonObject>> {
  const recognised = await app.engine.recognise([token])
  if (recognised.outcome !== 'active') throw new Error(recognised.outcome)
  return recognised
}

/** Rotates, and gives the successor's token. */
async function rotated(app: MemoryInstance, token: string): Promise<string> {
  const { token: opened, record } = await activeOf(app, token)
  const issued = await app.lifecycle.rotate({ token: opened, record })
  app.calls.length = 0
  app.events.length = 0
  return issued?.token ?? ''
}

describe('a lookup', () => {
  it('of nothing asks and tells nothing', async () => {
    const app = memoryInstance()
    expect(await app.engine.recognise([])).toEqual({ outcome: 'none', reason: 'no-cookie' })
    expect([app.calls, app.events]).toEqual([[], []])
  })

  it('of what is no token asks nothing', async () => {
    const app = memoryInstance()
    expect(await app.engine.recognise(['junk'])).toEqual({ outcome: 'none', reason: 'malformed' })
    expect(app.calls).toEqual([])
    expect(app.events).toEqual([{ type: 'none', reason: 'malformed', kvCommands: 0, at: app.clock.now }])
  })

  it('of two valid tokens is nobody, asks nothing and tells that it is ambiguous (X-25)', async () => {
    const app = memoryInstance()
    const { token: alice } = await app.signIn()
    const { token: mallory } = await app.signIn({ userId: 'mallory' })
    expect(await app.engine.recognise([alice, mallory])).toEqual({ outcome: 'none', reason: 'ambiguous' })
    expect(app.calls).toEqual([])
    expect(app.events).toEqual([{ type: 'none', reason: 'ambiguous', kvCommands: 0, at: app.clock.now }])
  })

  it('of an active session is one question to the nearest, or to the primary where it has to be fresh', async () => {
    const app = memoryInstance()
    const { token, held } = await app.signIn({ data: { a: 1 } })
    expect(await app.engine.recognise([token])).toEqual({
      outcome: 'active',
      token: held.token,
      record: held.record,
      session: expect.objectContaining({ id: held.record.id, userId: 'alice', data: { a: 1 } }),
      reissue: null,
      stale: false,
    })
    expect(app.calls).toEqual(['read nearest'])
    await app.engine.recognise([token], { fresh: true })
    expect(app.calls).toEqual(['read nearest', 'read primary'])
    expect(app.events).toEqual([])
  })

  it('believes a miss of the primary only', async () => {
    const app = memoryInstance()
    const { token, held } = await app.signIn()
    app.next.set('read nearest', () => ({ kind: 'missing' }))
    expect(await app.engine.recognise([token])).toMatchObject({ outcome: 'active' })
    expect(app.calls.splice(0)).toEqual(ASKED_TWICE)
    await app.store.destroy(held.record)
    expect(await app.engine.recognise([token])).toEqual({ outcome: 'none', reason: 'revoked' })
    expect(app.calls).toEqual(ASKED_TWICE)
    expect(app.events).toEqual([{ type: 'none', reason: 'revoked', kvCommands: 2, at: app.clock.now }])
  })

  it('believes an end of the primary only', async () => {
    const app = memoryInstance({ idle: '1h', absolute: '8h' })
    const { token, held } = await app.signIn()
    const old = { ...held.record, lastSeenAt: app.clock.now - HOUR }
    app.next.set('read nearest', () => ({ kind: 'record', record: old }))
    expect(await app.engine.recognise([token])).toMatchObject({ outcome: 'active' })
    for (const [record, reason] of [
      [old, 'expired-idle'],
      [{ ...held.record, absoluteEnd: app.clock.now }, 'expired-absolute'],
    ]) {
      for (const name of ASKED_TWICE) app.next.set(name, () => ({ kind: 'record', record }))
      app.calls.length = 0
      expect(await app.engine.recognise([token])).toEqual({ outcome: 'none', reason })
      expect(app.calls).toEqual(ASKED_TWICE)
    }
  })

  it('is unknown when the primary does not answer, and tells how long it took', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn()
    for (const name of ASKED_TWICE) {
      app.next.set(name, () => {
        app.clock.now += 700
        return unanswered('read')()
      })
    }
    expect(await app.engine.recognise([token])).toMatchObject({
      outcome: 'unknown',
      error: timeout,
      token: { token },
      isPublic: false,
    })
    expect(app.calls).toEqual(ASKED_TWICE)
    expect(app.events).toEqual([
      {
        type: 'unknown',
        operation: 'read',
        reason: 'timeout',
        latency: 1_400,
        kvCommands: 2,
        at: app.clock.now,
      },
    ])
  })

  it('heals with the primary when the nearest does not answer', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn()
    app.next.set('read nearest', unanswered('read'))
    expect(await app.engine.recognise([token])).toMatchObject({ outcome: 'active' })
    expect(app.events).toEqual([])
  })

  it('does not hide a mistake in the store', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn()
    const mistake = () => {
      throw new TypeError('own')
    }
    for (const name of ASKED_TWICE) {
      app.next.set(name, mistake)
      await expect(app.engine.recognise([token], { fresh: name === 'read primary' })).rejects.toThrow('own')
    }
  })

  it('is none for what can not be read, and unknown for what a later version wrote; both are told, neither ended (X-10)', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn()
    const answer = (kind: string) => {
      for (const name of ASKED_TWICE) app.next.set(name, () => ({ kind }))
      return app.engine.recognise([token])
    }
    const at = app.clock.now
    expect(await answer('corrupt')).toEqual({ outcome: 'none', reason: 'corrupt' })
    expect(app.events.splice(0)).toEqual([{ type: 'none', reason: 'corrupt', kvCommands: 2, at }])
    expect(await answer('newer')).toMatchObject({ outcome: 'unknown', error: { operation: 'read' } })
    expect(app.events).toEqual([
      { type: 'unknown', operation: 'read', reason: null, latency: 0, kvCommands: 2, at },
    ])
    expect(app.calls).toEqual([...ASKED_TWICE, ...ASKED_TWICE])
  })

  it('is none for data that the schema refuses', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn({ data: { plan: 1 } })
    const strict = app.with({ schema: z.object({ plan: z.string() }) })
    expect(await strict.engine.recognise([token])).toEqual({ outcome: 'none', reason: 'corrupt' })
    expect(strict.events).toEqual([{ type: 'none', reason: 'corrupt', kvCommands: 1, at: app.clock.now }])
    const typed = app.with({ schema: z.object({ plan: z.number().transform(String) }) })
    expect((await activeOf(typed, token)).session.data).toEqual({ plan: '1' })
  })
})

describe('a replaced token', () => {
  it('leads to the session within the grace, with the new token to hand out', async () => {
    const app = memoryInstance({ rotationGrace: '30s' })
    const { token } = await app.signIn({ remember: false })
    const next = await rotated(app, token)
    app.clock.now += 29_999
    const { reissue, record } = await activeOf(app, token)
    expect(app.calls).toEqual(['read nearest', 'read nearest'])
    const [old, found] = await Promise.all([app.engine.open([next]), app.engine.open([reissue ?? ''])])
    expect(found).toMatchObject({
      id: record.id,
      claims: { sid: Object(old).claims.sid, remember: false, absoluteEnd: record.absoluteEnd },
    })
  })

  it('ends the session when it comes back at the end of the grace', async () => {
    const app = memoryInstance({ rotationGrace: '30s' })
    const { token } = await app.signIn()
    const next = await rotated(app, token)
    app.clock.now += 30_000
    expect(await app.engine.recognise([token])).toEqual({ outcome: 'none', reason: 'rotated-reuse' })
    expect(app.calls).toEqual(['read nearest', 'destroy'])
    expect(app.events).toEqual([
      { type: 'rotation-reuse', userId: 'alice', id: expect.any(String), at: app.clock.now },
      { type: 'none', reason: 'rotated-reuse', kvCommands: 1, at: app.clock.now },
    ])
    expect(await app.engine.recognise([next])).toMatchObject({ outcome: 'none', reason: 'revoked' })
  })

  it('is looked up within two and a half times the limit of one call, however slow the answers (X-01)', async () => {
    const app = memoryInstance({ rotationGrace: '1h' })
    const { token } = await app.signIn()
    await rotated(app, await rotated(app, token))
    const lookup = async (...took: number[]) => {
      const slow = (answer: unknown) => {
        app.clock.now += took.shift() ?? 0
        for (const name of ASKED_TWICE) app.next.set(name, slow)
        return answer
      }
      slow(null)
      app.calls.length = 0
      const recognised = await app.engine.recognise([token])
      return [recognised.outcome, ...app.calls]
    }
    expect(await lookup(0, 375, 375)).toEqual(['active', 'read nearest', 'read nearest', 'read primary'])
    expect(await lookup(0, 376, 749)).toEqual(['active', 'read nearest', 'read primary', 'read primary'])
    app.events.length = 0
    expect(await lookup(0, 376, 750)).toEqual(['unknown', 'read nearest', 'read primary'])
    expect(app.events).toMatchObject([{ type: 'unknown', reason: 'timeout', latency: 1_126, kvCommands: 2 }])
  })

  it('is followed over eight rotations and no further', async () => {
    const app = memoryInstance({ rotationGrace: '1h' })
    const { token } = await app.signIn()
    let last = token
    for (let n = 0; n < 8; n += 1) last = await rotated(app, last)
    expect(await app.engine.recognise([token])).toMatchObject({ outcome: 'active' })
    expect(app.calls).toHaveLength(9)
    const [trail, ...rest] = Array.from({ length: 9 }, () => ({
      kind: 'rotated',
      nextId: newId(),
      graceEnd: app.clock.now + 1,
    }))
    const answers = [trail, ...rest]
    const circle = memoryInstance()
    const { token: other } = await circle.signIn()
    const again = () => {
      circle.next.set('read nearest', again)
      return answers[0]
    }
    circle.next.set('read nearest', again)
    expect(await circle.engine.recognise([other])).toEqual({ outcome: 'none', reason: 'revoked' })
    expect(circle.calls).toHaveLength(9)
  })

  it.each([
    [29_999, []],
    [30_000, ['destroy']],
  ])('of a session that is over ends nothing: %i ms after it was made', async (age, more) => {
    const app = memoryInstance({ rotationGrace: '30s' })
    const { token } = await app.signIn()
    const last = await rotated(app, await rotated(app, token))
    await app.lifecycle.revokeAll('alice', { except: null })
    app.clock.now += age
    app.calls.length = 0
    app.events.length = 0
    expect(await app.engine.recognise([last])).toEqual({ outcome: 'none', reason: 'revoked' })
    expect(app.calls).toEqual([...ASKED_TWICE, ...more])
    expect(app.events).toEqual([{ type: 'none', reason: 'revoked', kvCommands: 2, at: app.clock.now }])
  })

  it('ends the session also where a replica sends it to an id that nothing leads on from', async () => {
    const app = memoryInstance({ rotationGrace: '30s' })
    const { token } = await app.signIn()
    const next = await rotated(app, token)
    app.clock.now += 30_000
    const late = { kind: 'rotated', nextId: newId(), graceEnd: app.clock.now } as const
    app.next.set('read nearest', () => late)
    expect(await app.engine.recognise([token])).toEqual({ outcome: 'none', reason: 'rotated-reuse' })
    expect(await app.engine.recognise([next])).toMatchObject({ outcome: 'none', reason: 'revoked' })
  })

  it('names the first id of the session, however it was made', async () => {
    const app = memoryInstance({ rotationGrace: '1h', cache: {} })
    const { token, held } = await app.signIn()
    const family = held.record.id
    const second = await rotated(app, token)
    const third = await rotated(app, second)
    const { reissue } = await activeOf(app, second)
    const { issued } = await app.lifecycle.update(await activeOf(app, third), (record) => record)
    for (const one of [second, third, reissue, issued?.token])
      expect(await app.engine.open([one ?? ''])).toMatchObject({ claims: { family } })
    expect(held.token.claims).not.toHaveProperty('family')
    const proven = await app.lifecycle.reauthenticate(await activeOf(app, third), { role: null })
    expect(Object(await app.engine.open([proven.token])).claims).not.toHaveProperty('family')
  })

  it('of a node with another secret leads there too, but has no token to hand out', async () => {
    const app = memoryInstance({ secret: [SECRET, OTHER_SECRET] })
    const other = app.with({ secret: [OTHER_SECRET, SECRET] })
    const { token } = await app.signIn()
    await rotated(other, token)
    expect((await activeOf(app, token)).reissue).not.toBeNull()
    const without = app.with({ secret: SECRET })
    const { reissue, record } = await activeOf(without, token)
    expect(reissue).toBeNull()
    const third = await without.engine.parts().store.read(record, { authoritative: true })
    expect(third.kind).toBe('record')
  })
})

describe('renewal', () => {
  it('is nothing while the token is young and sealed with the first secret', async () => {
    const app = memoryInstance({ rotateEvery: '1h' })
    const { token } = await app.signIn()
    app.clock.now += HOUR - 1
    expect(await app.engine.renew(await activeOf(app, token))).toBeNull()
    app.clock.now += 1
    const renewed = await app.engine.renew(await activeOf(app, token))
    expect(renewed).toMatchObject({ outcome: 'active', reissue: null, session: { userId: 'alice' } })
    expect(renewed?.token.claims.issuedAt).toBe(app.clock.now)
    expect(renewed?.record.id).toBe(renewed?.token.id)
    expect(renewed?.session.id).toBe(renewed?.token.id)
    expect(renewed?.token.token).not.toBe(token)
  })

  it('does not happen by itself without an age for it', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn()
    app.clock.now += 24 * HOUR
    expect(await app.engine.renew(await activeOf(app, token))).toBeNull()
  })

  it('hands out the token of a rotation whose answer was lost', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn()
    await rotated(app, token)
    const active = await activeOf(app, token)
    const renewed = await app.engine.renew(active)
    expect(renewed?.token.token).toBe(active.reissue)
    expect(renewed).toMatchObject({ reissue: null, record: { id: renewed?.token.id } })
  })

  it('seals anew what an older secret sealed, for the same session', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn()
    const second = await activeOf(app, await rotated(app, token))
    const next = app.with({ secret: [OTHER_SECRET, SECRET] })
    const { claims } = second.token
    const unknown = await app.engine.parts().tokens.issue(claims)
    const renewed = await next.engine.renew(await activeOf(next, unknown))
    expect(claims).toHaveProperty('family')
    expect(renewed?.token).toMatchObject({ current: true, claims, id: second.record.id })
    expect(next.calls).toEqual(['read nearest'])
  })

  it('is asked for again when the answer is lost', async () => {
    const app = memoryInstance({ rotateEvery: '1h' })
    const { token } = await app.signIn()
    app.clock.now += HOUR
    const active = await activeOf(app, token)
    app.next.set('rotate', unanswered('rotate'))
    const renewed = await app.engine.renew(active)
    expect(await activeOf(app, renewed?.token.token ?? '')).toMatchObject({ reissue: null })
  })

  it('can wait when KV does not answer twice, or the session is gone', async () => {
    const app = memoryInstance({ rotateEvery: '1h' })
    const { token } = await app.signIn()
    app.clock.now += HOUR
    const active = await activeOf(app, token)
    app.next.set('rotate', () => {
      app.next.set('rotate', unanswered('rotate'))
      return unanswered('rotate')()
    })
    expect(await app.engine.renew(active)).toBeNull()
    expect(app.calls.filter((name) => name === 'rotate')).toHaveLength(2)
    app.next.set('rotate', () => {
      throw new TypeError('own')
    })
    await expect(app.engine.renew(active)).rejects.toThrow('own')
    await app.store.revoke('alice', { except: null, now: app.clock.now })
    expect(await app.engine.renew(active)).toBeNull()
  })
})

describe('activity', () => {
  it('is recorded when it is due, once for all requests at the same time', async () => {
    const app = memoryInstance({ touchInterval: '1m' })
    const { token } = await app.signIn()
    app.clock.now += MINUTE - 1
    expect(app.engine.touch(await activeOf(app, token))).toBeNull()
    app.clock.now += 1
    const active = await activeOf(app, token)
    const [first, second] = [app.engine.touch(active), app.engine.touch(active)]
    expect(second).toBeNull()
    await first
    expect(app.calls.filter((name) => name === 'touch')).toHaveLength(1)
    expect(app.events).toEqual([{ type: 'touch', userId: 'alice', id: active.record.id, at: app.clock.now }])
    expect((await activeOf(app, token)).record.lastSeenAt).toBe(app.clock.now)
    expect((await activeOf(app, token)).session.lastSeenAt).toEqual(new Date(app.clock.now))
  })

  it('is tried again by the next request when KV did not answer', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn()
    app.clock.now += MINUTE
    const active = await activeOf(app, token)
    app.next.set('touch', () => {
      app.clock.now += 5
      return unanswered('touch')()
    })
    await app.engine.touch(active)
    expect(app.events).toEqual([
      {
        type: 'unknown',
        operation: 'touch',
        reason: 'timeout',
        latency: 5,
        kvCommands: 1,
        at: app.clock.now,
      },
    ])
    expect(app.engine.touch(active)).not.toBeNull()
  })

  it('does not hide a mistake in the store', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn()
    app.clock.now += MINUTE
    app.next.set('touch', () => {
      throw new TypeError('own')
    })
    await expect(app.engine.touch(await activeOf(app, token))).rejects.toThrow('own')
  })
})

describe('what the proxy hands over', () => {
  it('is the session, or that it is unknown, to the page with the same token', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn({ data: { a: 1 } })
    const { token: bob } = await app.signIn({ userId: 'bob' })
    const active = await activeOf(app, token)
    const header = (await app.engine.handOver(active, { isPublic: false })) ?? ''
    expect(await app.engine.takeOver(header, [token])).toEqual(active)
    expect(await app.engine.takeOver(header, [token, 'junk'])).toEqual(active)
    for (const presented of [[], [bob], ['junk'], [token, bob]])
      expect(await app.engine.takeOver(header, presented)).toBeNull()
    app.next.set('read primary', unanswered('read'))
    const unknown = await app.engine.recognise([token], { fresh: true })
    if (unknown.outcome !== 'unknown') throw new Error(unknown.outcome)
    for (const isPublic of [true, false]) {
      const told = (await app.engine.handOver(unknown, { isPublic })) ?? ''
      expect(await app.engine.takeOver(told, [token])).toMatchObject({
        outcome: 'unknown',
        isPublic,
        token: { token },
        error: { code: 'ERR_SESSION_UNKNOWN', operation: 'read' },
      })
    }
  })

  it('is nothing where it had to leave data out, or the schema refuses it', async () => {
    const app = memoryInstance()
    const { token } = await app.signIn({ data: { text: 'x'.repeat(2_000) } })
    const active = await activeOf(app, token)
    const header = (await app.engine.handOver(active, { isPublic: false })) ?? ''
    expect(await app.engine.takeOver(header, [token])).toBeNull()
    const { token: small } = await app.signIn({ data: { plan: 1 } })
    const other = (await app.engine.handOver(await activeOf(app, small), { isPublic: false })) ?? ''
    const strict = app.with({ schema: z.object({ plan: z.string() }) })
    expect(await strict.engine.takeOver(other, [small])).toBeNull()
  })
})

describe('a session kept in memory', () => {
  it('ends when it was idle, exactly, though the feed tells of no change', async () => {
    const app = memoryInstance({ idle: '1m', touchInterval: '10s', cache: { revocationLag: '5m' } })
    const { token } = await app.signIn()
    // The first look begins the feed, the second is kept.
    await activeOf(app, token)
    await activeOf(app, token)
    app.calls.length = 0
    app.clock.now += MINUTE - 1
    expect(await app.engine.recognise([token])).toMatchObject({ outcome: 'active' })
    expect(app.calls).toEqual([])
    app.clock.now += 1
    expect(await app.engine.recognise([token])).toMatchObject({ outcome: 'none' })
  })
})

describe('an observer', () => {
  it('that throws does not break anything, at once or later', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    for (const onEvent of [
      () => {
        throw new Error('own')
      },
      () => Promise.reject(new Error('own')),
    ]) {
      const app = memoryInstance({ onEvent })
      expect(await app.engine.recognise(['junk'])).toMatchObject({ outcome: 'none' })
    }
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})
