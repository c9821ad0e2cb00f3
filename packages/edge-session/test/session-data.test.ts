import { describe, expect, it } from 'vitest'
import { newRecord } from '../src/lib/new-record.ts'
import { type EdgeSessionOptions, resolveOptions } from '../src/lib/options.ts'
import type { NewSession } from '../src/lib/session.ts'
import {
  checkShortText,
  checkSize,
  checkUserId,
  shortenUserAgent,
  toJsonObject,
} from '../src/lib/session-data.ts'
import { newRecord as storedRecord } from './support/records.ts'

const DAY = 86_400_000

describe('a user id', () => {
  it.each(['a', '日本', ' ', '__proto__', '👩‍👩‍👧', 'u'.repeat(512)])('may be %j', (userId) => {
    expect(checkUserId(userId)).toBe(userId)
  })

  it.each([undefined, null, 7, ['a'], '', 'u'.repeat(513), '\ud800', 'a\udfff', { length: 3 }])(
    'may not be %j',
    (userId) => {
      expect(() => checkUserId(userId)).toThrow(
        'edge-session: a user id must be a non-empty, well-formed string of at most 512 characters, few of them control characters.',
      )
    },
  )
})

describe('a role', () => {
  it('is a text, or null, or left out', () => {
    expect([
      checkShortText('admin', 'a role'),
      checkShortText('', 'a role'),
      checkShortText(null, 'a role'),
      checkShortText(undefined, 'a role'),
    ]).toEqual(['admin', '', null, null])
    expect(checkShortText('r'.repeat(256), 'a role')).toHaveLength(256)
  })

  it.each([7, true, ['admin'], {}, 'r'.repeat(257)])('may not be %j', (role) => {
    expect(() => checkShortText(role, 'a role')).toThrow(
      'edge-session: a role must be a string of at most 256 characters, or null.',
    )
  })
})

describe('data', () => {
  it('is what JSON gives back', () => {
    expect(toJsonObject({ a: 1, at: new Date(0), none: undefined, nested: { list: [undefined] } })).toEqual({
      a: 1,
      at: '1970-01-01T00:00:00.000Z',
      nested: { list: [null] },
    })
    const own = { a: { b: 1 } }
    expect(toJsonObject(own)).not.toBe(own)
    expect(toJsonObject(own).a).not.toBe(own.a)
  })

  const circle: Record<string, unknown> = {}
  circle.self = circle
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'text'],
    ['a number', 1],
    ['a list', [1]],
    ['a function', () => {}],
    ['a BigInt', { n: 1n }],
    ['a circle', circle],
    ['what becomes a list', { toJSON: () => [] }],
  ])('may not be %s', (_, data) => {
    expect(() => toJsonObject(data)).toThrow(
      'edge-session: session data must be a plain object that JSON can hold (no BigInt, no cycles).',
    )
  })
})

describe('a record', () => {
  it('takes 4 KiB at most, counted in bytes', () => {
    const sizeOf = (text: string) => {
      try {
        checkSize(storedRecord({ role: null, userAgent: null, ip: null, data: { text } }))
        return 'fits'
      } catch (error) {
        return error
      }
    }
    const around = '1|1|{"r":null,"d":{"text":""},"a":null,"i":null}'.length
    expect(sizeOf('x'.repeat(4_096 - around))).toBe('fits')
    expect(sizeOf('x'.repeat(4_097 - around))).toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
      bytes: 4_097,
      limit: 4_096,
    })
    expect(sizeOf('é'.repeat((4_098 - around) >> 1))).toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
  })

  it('keeps 256 characters of how a browser names itself', () => {
    expect(shortenUserAgent(null)).toBeNull()
    expect(shortenUserAgent('UA')).toBe('UA')
    expect(shortenUserAgent('u'.repeat(300))).toBe('u'.repeat(256))
  })
})

describe('a new session', () => {
  const start = (session: Partial<NewSession>, options: EdgeSessionOptions = {}) =>
    newRecord(
      { userId: 'alice', ...session },
      { config: resolveOptions({ ...options, now: () => 1_000 }), userAgent: 'Browser' },
    )

  it('begins now, with the lifetimes of the instance', () => {
    expect(start({})).toEqual({
      userId: 'alice',
      role: null,
      data: {},
      userAgent: 'Browser',
      ip: null,
      version: 1,
      createdAt: 1_000,
      authenticatedAt: 1_000,
      lastSeenAt: 1_000,
      absoluteEnd: 1_000 + 30 * DAY,
      idle: 7 * DAY,
    })
    expect(start({}, { idle: '1h', absolute: '1d' })).toMatchObject({
      idle: 3_600_000,
      absoluteEnd: 1_000 + DAY,
    })
  })

  it('takes what it is given', () => {
    const given = { role: 'admin', data: { a: 1 }, ip: '::1', userAgent: null }
    expect(start({ ...given, idle: '5m', absolute: '400d' })).toMatchObject({
      ...given,
      idle: 300_000,
      absoluteEnd: 1_000 + 400 * DAY,
    })
    expect(start({ userAgent: 'u'.repeat(300) }).userAgent).toHaveLength(256)
  })

  it('is refused with anything that can not be kept', () => {
    expect(() => start({ userId: '' })).toThrow('a user id')
    expect(() => start({ role: 7 as unknown as string })).toThrow('a role')
    expect(() => start({ data: [] as unknown as object as never })).toThrow('session data')
    expect(() => start({ data: { text: 'x'.repeat(4_096) } })).toThrow('over the limit of 4096')
    expect(() => start({ idle: '0s' })).toThrow('"idle"')
    expect(() => start({ absolute: '0s' })).toThrow('"absolute"')
    expect(() => start({ idle: Number.MAX_SAFE_INTEGER })).toThrow(
      'edge-session: "idle" must be at most 400 days: every session has to end.',
    )
    expect(start({ idle: '400d' }).idle).toBe(400 * 86_400_000)
    expect(() => start({ absolute: '401d' })).toThrow(
      'edge-session: "absolute" must be at most 400 days: every session has to end.',
    )
  })
})

describe('an address', () => {
  it('is text, or none', () => {
    expect([
      checkShortText('::1', 'an address'),
      checkShortText(null, 'an address'),
      checkShortText(undefined, 'an address'),
    ]).toEqual(['::1', null, null])
  })

  it.each([0, {}, ['::1'], true])('is not %j', (ip) => {
    expect(() => checkShortText(ip, 'an address')).toThrow(
      'edge-session: an address must be a string of at most 256 characters, or null.',
    )
  })
})
