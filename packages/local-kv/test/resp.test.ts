import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReplyReader, encodeCommands, encodeReply, type Reply } from '../src/lib/resp.ts'

const line = fc.string({ unit: 'grapheme-ascii' })
const reply: fc.Arbitrary<Reply> = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constant('status' as const), text: line }),
    fc.record({ kind: fc.constant('error' as const), message: line }),
    fc.record({ kind: fc.constant('integer' as const), digits: fc.bigInt().map(String) }),
    fc.record({
      kind: fc.constant('bulk' as const),
      bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    }),
    fc.constant({ kind: 'nil' as const }),
    fc.record({ kind: fc.constant('array' as const), items: fc.array(tie('reply'), { maxLength: 4 }) }),
  ),
})).reply

describe('createReplyReader()', () => {
  it('reads what encodeReply writes, however it is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 5 }), fc.integer({ min: 1, max: 9 }), (replies, size) => {
        const seen: Reply[] = []
        const read = createReplyReader((next) => seen.push(next))
        const bytes = Buffer.concat(replies.map(encodeReply))
        for (let start = 0; start < bytes.length; start += size) read(bytes.subarray(start, start + size))

        expect(seen).toEqual(replies)
      }),
    )
  })

  it('refuses what is not RESP2', () => {
    expect(() => createReplyReader(() => {})(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow(
      'not RESP2',
    )
  })
})

describe('encodeCommands()', () => {
  it('writes all commands in one buffer, by their length in bytes', () => {
    expect(encodeCommands([['SET', 'ü', new Uint8Array([0])], ['PING']]).toString('latin1')).toBe(
      '*3\r\n$3\r\nSET\r\n$2\r\nÃ¼\r\n$1\r\n\0\r\n*1\r\n$4\r\nPING\r\n',
    )
  })
})
