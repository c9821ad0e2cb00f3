import type { FaultRule } from 'local-kv'

/**
 * What a fault does to a command.
 * - `dropped`: it is not carried out.
 * - `lost`: it is carried out, but the answer does not arrive.
 * - `late`: it is given up, tried again, and then carried out after all.
 * - `harmless`: it is carried out, perhaps twice, and answered.
 */
export type Effect = 'dropped' | 'lost' | 'late' | 'harmless'

export interface Fault {
  readonly name: string
  readonly effect: Effect
  /**
   * `held`: by a barrier until everything else is over. `garbled`: every answer comes as gzip that it is not, which no
   * rule of local-kv can do.
   */
  readonly rule: FaultRule | 'held' | 'garbled'
  /** The client has to give up by itself. */
  readonly endless?: true
}

const LIMIT = '{"error":"ERR max requests limit exceeded. Limit: 500000, Usage: 500000."}'
const HTML = '<html><body>Bad Gateway canary-of-kv</body></html>'

export const FAULTS: readonly Fault[] = [
  { name: 'no answer (X-01)', effect: 'dropped', endless: true, rule: { action: { type: 'hang' } } },
  { name: 'connection refused (X-02)', effect: 'dropped', rule: { action: { type: 'refuse' } } },
  { name: 'reset before (X-03)', effect: 'dropped', rule: { action: { type: 'reset', when: 'before' } } },
  answered('500 JSON (X-04)', { status: 500 }),
  answered('500 HTML (X-04)', { status: 500, body: HTML }),
  answered('429 (X-05)', { status: 429, body: LIMIT }),
  answered('quota used up (X-05)', { status: 400, body: LIMIT }),
  answered('wrong password (X-06)', {
    status: 401,
    body: '{"error":"WRONGPASS invalid or missing auth token canary-of-kv"}',
  }),
  answered('200 HTML (X-07)', { body: HTML }),
  answered('200 empty (X-07)', { body: '' }),
  answered('200 null (X-07)', { body: 'null' }),
  answered('200 {} (X-07)', { body: '{}' }),
  answered('200 list for object (X-07)', { body: '[{"result":1}]' }),
  answered('a bare null (F1)', { body: '{"result":null}' }),
  answered('a reply of another type (X-11)', { body: '{"result":{"userId":"root"}}' }),
  answered('a reply of another command (X-16)', { body: '{"result":"OK"}' }),
  answered('a reply too short (X-16)', { body: '{"result":[null]}' }),
  answered('out of memory (X-35)', { status: 400, body: '{"error":"OOM command not allowed canary-of-kv"}' }),
  answered('read-only replica (X-35)', {
    status: 400,
    body: '{"error":"READONLY You can not write canary"}',
  }),
  {
    name: 'no answer after (X-14)',
    effect: 'lost',
    endless: true,
    rule: { action: { type: 'hang', when: 'after' } },
  },
  { name: 'reset after (X-14)', effect: 'lost', rule: { action: { type: 'reset', when: 'after' } } },
  {
    name: '502 in the middle of the body (X-04)',
    effect: 'lost',
    rule: { action: { type: 'truncate', at: 4 } },
  },
  {
    name: 'cut short (X-08)',
    effect: 'lost',
    rule: { action: { type: 'truncate', at: 7, framing: 'complete' } },
  },
  { name: 'gzip garbage (X-08)', effect: 'lost', rule: 'garbled' },
  {
    name: '504 after (X-14)',
    effect: 'lost',
    rule: { action: { type: 'status', status: 504, body: HTML, when: 'after' } },
  },
  {
    name: 'an answer that takes too long (X-09)',
    effect: 'lost',
    endless: true,
    rule: { action: { type: 'drip', bytes: 1, ms: 60 } },
  },
  { name: 'late delivery (X-15)', effect: 'late', endless: true, rule: 'held' },
  { name: 'a slow answer (X-09)', effect: 'harmless', rule: { action: { type: 'drip', bytes: 9, ms: 1 } } },
  { name: 'a delay (X-01)', effect: 'harmless', rule: { action: { type: 'delay', ms: 5 } } },
  { name: 'delivered twice (X-15)', effect: 'harmless', rule: { action: { type: 'duplicate' } } },
]

function answered(name: string, answer: { status?: number; body?: string }): Fault {
  const { status, body } = answer
  return status === undefined
    ? { name, effect: 'dropped', rule: { action: { type: 'body', body: body ?? '' } } }
    : {
        name,
        effect: 'dropped',
        rule: { action: { type: 'status', status, ...(body !== undefined && { body }) } },
      }
}
