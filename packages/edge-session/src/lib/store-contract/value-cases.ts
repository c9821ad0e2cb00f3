import type { JsonObject } from '../record.ts'
import { expectEqual, expectSameIds } from './expect.ts'
import { newId, type Scene, type StoreContractCase, storeCase } from './store-case.ts'

/** User ids that look like something else to JSON, Redis, HTTP or JavaScript. */
const ODD_USER_IDS: readonly string[] = [
  '__proto__',
  'constructor',
  '日本',
  '👩‍👩‍👧',
  ' pad ',
  'true',
  'null',
  '123',
  '1e5',
  '[1]',
  '{"a":1}',
  '"quoted"',
  'a\r\nx: y',
  'a\0b',
  '\u2028',
  'a b/c?d=e&f#g%2F',
  '{tag}',
  '{tag}other',
  '*',
  'al?ce',
  'ALICE',
  'OK',
  'deadbeef',
  'é',
  'e\u0301',
  'x'.repeat(200),
  'x'.repeat(201),
]

/** Data that a store, a client or JSON could change on its way. */
const ODD_DATA: Readonly<Record<string, JsonObject>> = {
  'empty objects and lists': { object: {}, list: [], nested: [[], {}, [{}]] },
  'unicode text': { text: 'Grüße, 日本, 👩‍👩‍👧, \u00e9 and e\u0301' },
  'line and paragraph separators, control characters and NUL': {
    text: '\u2028\u2029\u0000\u0001\u007f\r\n\t',
  },
  'lone surrogates': { text: '\ud800', other: 'a\udfffb' },
  'keys that name prototypes': JSON.parse(
    '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}},"nested":{"__proto__":[1]},"toString":"text"}',
  ),
  'texts that look like numbers, constants or JSON': {
    texts: [
      '123',
      '1e5',
      '1.50',
      '007',
      '-0',
      '9007199254740993',
      'true',
      'null',
      '{"a":1}',
      '"q"',
      '',
      'OK',
    ],
  },
  'numbers at their limits': {
    numbers: [0, 1.5, -1, 1e21, 5e-324, 1.7976931348623157e308, Number.MAX_SAFE_INTEGER, 0.1 + 0.2],
  },
  'text that looks like base64, hex or Redis commands': {
    texts: [
      'deadbeefdeadbeef',
      'aGVsbG8=',
      'abcd',
      "'; return redis.call('FLUSHALL') --",
      '\\u0000',
      '%00',
      '*3\r\n$3',
    ],
  },
  'text that looks like the store': { text: '1|2|{"r":null}', 's:': 't:', 'r:x': '1 2 3 4 5' },
  'deep nesting': nest(60),
  'three constants': { yes: true, no: false, nothing: null, list: [true, false, null] },
  '3.9 KiB': { text: 'ä'.repeat(1_900) },
}

export const valueCases: readonly StoreContractCase[] = [
  ...ODD_USER_IDS.map((userId) =>
    storeCase(`a user called ${nameOf(userId)} has sessions like any other`, (scene) => live(scene, userId)),
  ),

  storeCase(
    'users whose ids resemble each other stay apart',
    async ({ store, start, signIn, read, listIds }) => {
      const even = ODD_USER_IDS.filter((_, i) => i % 2 === 0)
      const odd = ODD_USER_IDS.filter((_, i) => i % 2 === 1)
      for (const [ended, kept] of [
        [even, odd],
        [odd, even],
      ] as const) {
        const id = newId()
        for (const userId of ODD_USER_IDS) await signIn({ userId, id, data: { userId } })
        for (const userId of ODD_USER_IDS) {
          const stored = await read({ userId, id })
          expectEqual(stored.kind === 'record' && stored.record.data, { userId }, nameOf(userId))
        }
        // The count says that whoever came before had ended nothing of this user.
        for (const userId of ended)
          expectEqual(await store.revoke(userId, { except: null, now: start }), 1, nameOf(userId))
        for (const userId of ended) expectEqual(await listIds(userId), [], nameOf(userId))
        for (const userId of kept) expectEqual(await listIds(userId), [id], nameOf(userId))
        for (const userId of kept)
          expectEqual(await store.revoke(userId, { except: null, now: start }), 1, nameOf(userId))
      }
    },
  ),

  ...Object.entries(ODD_DATA).map(([name, data]) =>
    storeCase(`data with ${name} comes back exactly`, async ({ store, start, signIn, find }) => {
      const record = await signIn({ data })
      expectEqual(await find(record), record, 'created')
      const next = { ...record, version: 2, data: { wrapped: data } }
      await store.update(next)
      expectEqual(await store.list(record.userId), [next], 'updated')
      const nextId = newId()
      await store.rotate(record, { nextId, graceEnd: start + 30_000 })
      expectEqual(await find(record), { ...next, id: nextId }, 'rotated')
    }),
  ),

  storeCase('an update from and to odd data is recognised when repeated', async ({ store, signIn }) => {
    for (const data of Object.values(ODD_DATA)) {
      const next = { ...(await signIn({ data })), version: 2, data: { changed: data } }
      for (let i = 0; i < 2; i += 1) expectEqual(await store.update(next), { kind: 'updated' })
    }
  }),

  storeCase('odd roles, addresses and user agents come back exactly', async ({ signIn, find }) => {
    for (const text of [null, '', ' ', 'true', '123', 'ä日本👩\u2028', 'a\r\nb', '"', 'x'.repeat(256)]) {
      const record = await signIn({ role: text, ip: text, userAgent: text })
      expectEqual(await find(record), record)
    }
  }),

  storeCase('times from 1970 to far away come back exactly', async ({ start, signIn, find }) => {
    const farAway = 253_402_300_799_999
    const record = await signIn({
      createdAt: 0,
      authenticatedAt: 1,
      absoluteEnd: farAway,
      idle: farAway - start,
    })
    expectEqual(await find(record), record)
  }),

  storeCase('ids keep dashes, underscores and letter case apart', async ({ signIn, find, listIds }) => {
    const tail = newId().slice(2)
    const ids = [`-_${tail}`, `_-${tail}`, `aB${tail}`, `Ab${tail}`]
    for (const id of ids) await signIn({ id, data: { id } })
    for (const id of ids) expectEqual((await find({ userId: 'alice', id }))?.data, { id })
    expectSameIds(await listIds(), ids)
  }),

  storeCase(
    'what the caller does to its objects later does not reach the store',
    async ({ signIn, find }) => {
      const data = { list: [1], nested: { plan: 'free' } }
      const record = await signIn({ data })
      data.list.push(2)
      data.nested.plan = 'pro'
      expectEqual((await find(record))?.data, { list: [1], nested: { plan: 'free' } })
    },
  ),

  storeCase('two reads give objects of their own', async ({ signIn, find }) => {
    const record = await signIn({ data: { list: [1] } })
    const { list } = (await find(record))?.data ?? {}
    if (Array.isArray(list)) list.push(2)
    expectEqual((await find(record))?.data, { list: [1] })
  }),
]

async function live({ store, start, signIn, read, find, listIds }: Scene, userId: string): Promise<void> {
  const record = await signIn({ userId })
  expectEqual(await read(record), { kind: 'record', record })
  expectEqual(await store.list(userId), [record])
  await store.touch({ ...record, lastSeenAt: start + 1 }, { now: start + 1 })
  await store.update({ ...record, version: 2, data: {} })
  const nextId = newId()
  await store.rotate({ ...record, lastSeenAt: start + 1 }, { nextId, graceEnd: start + 30_000 })
  expectEqual(await find(record), { ...record, id: nextId, version: 2, data: {}, lastSeenAt: start + 1 })
  expectEqual(await store.destroy(record), true)
  await signIn({ userId })
  expectEqual(await store.revoke(userId, { except: null, now: start }), 1)
  expectEqual(await listIds(userId), [])
}

function nest(depth: number): JsonObject {
  return depth === 0 ? { end: true } : { in: [nest(depth - 1)] }
}

function nameOf(text: string): string {
  return text.length > 40 ? `${text.slice(0, 3)}… (${text.length} characters)` : JSON.stringify(text)
}
