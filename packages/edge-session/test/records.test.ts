import { describe, expect, it } from 'vitest'
import { asStored, isOne, ttlOf } from '../src/lib/kv-recognition.ts'
import type { KVReply } from '../src/lib/kv-transport.ts'
import { decodeRecord, encodeState, encodeTimes } from '../src/lib/record-codec.ts'
import { newId, newRecord } from './support/records.ts'

const RECORD = newRecord({ version: 7, data: { a: [1, { b: null }] } })
const REF = { userId: RECORD.userId, id: RECORD.id }
const STATE = encodeState(RECORD)
const TIMES = encodeTimes(RECORD)
const BODY = '{"r":null,"d":{},"a":null,"i":null}'

describe('a record as text', () => {
  it('is a format, a version and JSON, with its times apart', () => {
    expect(STATE).toBe('1|7|{"r":"member","d":{"a":[1,{"b":null}]},"a":"UA","i":"::1"}')
    const { createdAt, authenticatedAt, lastSeenAt, absoluteEnd, idle } = RECORD
    expect(TIMES).toBe(`${createdAt} ${authenticatedAt} ${lastSeenAt} ${absoluteEnd} ${idle}`)
    expect(decodeRecord(REF, { state: STATE, times: TIMES })).toEqual(RECORD)
  })

  it('has times in an order of their own', () => {
    const times = '1 2 3 4 5'
    expect(decodeRecord(REF, { state: `1|0|${BODY}`, times })).toEqual({
      ...REF,
      createdAt: 1,
      authenticatedAt: 2,
      lastSeenAt: 3,
      absoluteEnd: 4,
      idle: 5,
      version: 0,
      role: null,
      data: {},
      userAgent: null,
      ip: null,
    })
  })

  it.each([
    ['1|999999999999999|', 999_999_999_999_999],
    ['1|0|', 0],
  ])('%s is read', (head, version) => {
    expect(decodeRecord(REF, { state: head + BODY, times: TIMES })).toMatchObject({ version })
  })

  it.each(['2|', '2|1|', '12|1|', '01|1|', '2|anything'])('%s is of a later version', (head) => {
    expect(decodeRecord(REF, { state: head + BODY, times: TIMES })).toBe('newer')
    expect(decodeRecord(REF, { state: head, times: null })).toBe('newer')
  })

  it.each([
    ...['', '1', '|', '1|', `1|${BODY}`, `1|x|${BODY}`, `1|-1|${BODY}`, `1|1000000000000000|${BODY}`],
    ...[`x1|1|${BODY}`, `|1|${BODY}`, BODY, 'null', '1|1|', '1|1|null', '1|1|[]', '1|1|"text"', '1|1|7'],
    ...['1|1|{', `1|1|${BODY}x`],
    ...['1|1|{}', '1|1|{"d":{}}', '1|1|{"r":null,"d":null,"a":null,"i":null}'],
    ...['1|1|{"r":7,"d":{},"a":null,"i":null}', '1|1|{"r":null,"d":{},"a":7,"i":null}'],
    ...['1|1|{"r":null,"d":{},"a":null,"i":7}', '1|1|{"r":null,"d":[],"a":null,"i":null}'],
    ...['1|1|{"r":null,"d":"x","a":null,"i":null}', '1|1|{"d":{},"a":null,"i":null}'],
  ])('%s can not be read', (state) => {
    expect(decodeRecord(REF, { state, times: TIMES })).toBe('corrupt')
  })

  it.each([
    null,
    '',
    '1 2 3 4',
    '1 2 3 4 5 6',
    ' 1 2 3 4 5',
    '1 2 3 4 5 ',
    '1  2 3 4 5',
    '1 2 3 4 x',
    '-1 2 3 4 5',
    '1.5 2 3 4 5',
    '1 2 3 4 1000000000000000',
    '1000000000000000 2 3 4 5',
    'x1 2 3 4 5',
  ])('can not be read with the times %j', (times) => {
    expect(decodeRecord(REF, { state: STATE, times })).toBe('corrupt')
  })

  it('may hold line breaks, as JSON of others does', () => {
    const state = `1|1|{"r":null,\n"d":{},"a":null,"i":null}`
    expect(decodeRecord(REF, { state, times: TIMES })).toMatchObject({ version: 1 })
  })
})

describe('what KV answers to a read', () => {
  const nextId = newId()

  it.each<[string, KVReply, object]>([
    ['a session', [STATE, TIMES, null, null], { kind: 'record', record: RECORD }],
    ['a session with a trail of its own', [STATE, TIMES, 'x', null], { kind: 'record', record: RECORD }],
    ['nothing', [null, null, null, null], { kind: 'missing' }],
    ['times alone', [null, TIMES, null, null], { kind: 'missing' }],
    ['a trail', [null, null, `${nextId} 17`, null], { kind: 'rotated', nextId, graceEnd: 17 }],
    ['a session without times', [STATE, null, null, null], { kind: 'corrupt' }],
    ['a session of a later version', ['2|x', null, null, null], { kind: 'newer' }],
    ...['', 'x', nextId, `${nextId} `, `${nextId} x`, `${nextId} -1`, `${nextId}a 1`, ` ${nextId} 1`].map(
      (trail): [string, KVReply, object] => [
        `the trail "${trail}"`,
        [null, null, trail, null],
        { kind: 'corrupt' },
      ],
    ),
    ['a trail without an end', [null, null, `${nextId} 1000000000000000`, null], { kind: 'corrupt' }],
    ['a trail and more', [null, null, `${nextId} 1 2`, null], { kind: 'corrupt' }],
  ])('%s is understood', (_, reply, expected) => {
    expect(asStored(REF, reply)).toEqual(expected)
  })

  it.each<[string, KVReply]>([
    ['null', null],
    ['text', 'OK'],
    ['a number', 4],
    ['too little', [null, null, null]],
    ['too much', [null, null, null, null, null]],
    ['a nonce with a value', [null, null, null, 'x']],
    ['numbers', [1, null, null, null]],
    ['a list for the times', [STATE, [], null, null]],
    ['a number for the trail', [null, null, 7, null]],
  ])('%s proves nothing', (_, reply) => {
    expect(() => asStored(REF, reply)).toThrow('did not answer "read"')
  })

  it('is 1 or 0 where it is a truth value, and nothing else', () => {
    expect([isOne('touch', 1), isOne('touch', 0)]).toEqual([true, false])
    for (const reply of [2, -1, '1', null, undefined, [1]])
      expect(() => isOne('touch', reply)).toThrow('did not answer "touch"')
  })
})

describe('the life of a key', () => {
  const times = { createdAt: 0, authenticatedAt: 0, lastSeenAt: 100, absoluteEnd: 1_000, idle: 50 }
  it('is what the session has left, never nothing', () => {
    expect(ttlOf(times, 100)).toBe(50)
    expect(ttlOf({ ...times, idle: 5_000 }, 100)).toBe(900)
    expect(ttlOf(times, 149.5)).toBe(1)
    expect(ttlOf(times, 148.5)).toBe(2)
    expect([150, 151, 5_000].map((now) => ttlOf(times, now))).toEqual([1, 1, 1])
  })
})
