import type { FaultRule } from 'local-kv'

/** What goes wrong with KV, and what the model may not be sure of then. */
export interface Trouble {
  readonly rules: readonly FaultRule[]
  /** Plain reads get no answer. */
  readonly reads: 'answered' | 'unanswered' | 'perhaps'
  /** Scripts, and so every change and every second look. `lost`: carried out, but the answer does not arrive. */
  readonly scripts: 'answered' | 'unanswered' | 'lost' | 'perhaps'
}

const EVAL = { command: 'EVAL' }

export const TROUBLES = {
  none: { rules: [], reads: 'answered', scripts: 'answered' },
  status500: down({ action: { type: 'status', status: 500 } }),
  resetBefore: down({ action: { type: 'reset', when: 'before' } }),
  refused: down({ action: { type: 'refuse' } }),
  html: down({ action: { type: 'body', body: '<html>502 Bad Gateway</html>' } }),
  nothing: down({ action: { type: 'body', body: '{"result":null}' } }),
  zero: down({ action: { type: 'body', body: '{"result":"0"}' } }),
  resetAfter: lost({ action: { type: 'reset', when: 'after' } }),
  emptyAfter: lost({ action: { type: 'body', body: '', when: 'after' } }),
  cutShort: lost({ action: { type: 'truncate', at: 9, framing: 'complete' } }),
  scriptsDown: {
    rules: [{ match: EVAL, action: { type: 'status', status: 500 } }],
    reads: 'answered',
    scripts: 'unanswered',
  },
  scriptsLost: {
    rules: [{ match: EVAL, action: { type: 'reset', when: 'after' } }],
    reads: 'answered',
    scripts: 'lost',
  },
  readsDown: {
    rules: [{ match: { command: 'HMGET' }, action: { type: 'status', status: 500 } }],
    reads: 'unanswered',
    scripts: 'answered',
  },
  everySecond: {
    rules: [{ match: { every: 2 }, action: { type: 'reset', when: 'after' } }],
    reads: 'perhaps',
    scripts: 'perhaps',
  },
  twice: { rules: [{ action: { type: 'duplicate' } }], reads: 'answered', scripts: 'answered' },
} satisfies Record<string, Trouble>

export type TroubleName = keyof typeof TROUBLES

function down(rule: FaultRule): Trouble {
  return { rules: [rule], reads: 'unanswered', scripts: 'unanswered' }
}

function lost(rule: FaultRule): Trouble {
  return { rules: [rule], reads: 'unanswered', scripts: 'lost' }
}
