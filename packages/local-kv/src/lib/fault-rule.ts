import { checkMatch, isCount, isRecord, type Match } from './match.ts'

/** Whether a fault strikes before the commands are applied, or after them with the answer lost or late. */
export type FaultMoment = 'before' | 'after'

/** What goes wrong. */
export type FaultAction =
  /** Waits. Several delays add up. */
  | { readonly type: 'delay'; readonly ms: number; readonly when?: FaultMoment }
  /** Never answers; the connection stays open until the client or `stop()` closes it. */
  | { readonly type: 'hang'; readonly when?: FaultMoment }
  /** Closes the connection without an answer. */
  | { readonly type: 'refuse' }
  /** Resets the connection (TCP RST). `after`: the commands were applied, the answer is lost. */
  | { readonly type: 'reset'; readonly when: FaultMoment }
  /** Answers with this status. The default body is an Upstash-like `{ "error": … }`. */
  | {
      readonly type: 'status'
      readonly status: number
      readonly body?: string
      readonly contentType?: string
      readonly when?: FaultMoment
    }
  /** Answers 200 with this body, whatever it is. The default type is text/html if it starts with `<`, else JSON. */
  | {
      readonly type: 'body'
      readonly body: string
      readonly contentType?: string
      readonly when?: FaultMoment
    }
  /**
   * Cuts the answer after so many bytes. `broken` (default): the connection ends before the promised
   * length. `complete`: a well-formed answer that is too short.
   */
  | { readonly type: 'truncate'; readonly at: number; readonly framing?: 'broken' | 'complete' }
  /** Sends the answer in pieces of so many bytes with a pause after each. */
  | { readonly type: 'drip'; readonly bytes: number; readonly ms: number }
  /** Applies the commands twice, as when a network delivers a request again. Answers with the first result, or the second. */
  | { readonly type: 'duplicate'; readonly ms?: number; readonly answer?: 'first' | 'second' }
  /** Requests that only read see the data as it was so many ms ago (`manual`: at the last `replica.catchUp()`). */
  | { readonly type: 'lag'; readonly ms: number | 'manual' }

/** A fault and the requests it strikes; without `match`, all. */
export interface FaultRule {
  readonly match?: Match
  readonly action: FaultAction
}

/** Throws a `TypeError` that says what is wrong. */
export function checkRule(value: unknown): asserts value is FaultRule {
  const { match, action, ...extra } = isRecord(value) ? value : {}
  if (!isRecord(action)) {
    throw new TypeError('local-kv: a fault rule has no action. Give it as { match?, action: { type, … } }.')
  }
  const [unknown] = Object.keys(extra)
  if (unknown !== undefined) {
    throw new TypeError(`local-kv: a fault rule has no ${unknown}. Conditions belong into match.`)
  }
  if (match !== undefined) checkMatch(match)
  checkAction(action)
}

function checkAction({ type: given, ...action }: Readonly<Record<string, unknown>>): void {
  const type = String(given)
  const shape = Object.hasOwn(SHAPES, type) ? SHAPES[type] : undefined
  if (!shape) {
    throw new TypeError(`local-kv: fault type ${type} is not known. Use ${Object.keys(SHAPES).join(', ')}.`)
  }
  for (const name of Object.keys(action)) {
    if (!Object.hasOwn(shape, name)) {
      throw new TypeError(
        `local-kv: a ${type} fault has no ${name}. It takes ${Object.keys(shape).join(', ') || 'nothing'}.`,
      )
    }
  }
  for (const [name, fits] of Object.entries(shape)) {
    if (!fits(action[name]))
      throw new TypeError(`local-kv: ${name} of a ${type} fault is missing or wrong. See the README.`)
  }
}

type Check = (value: unknown) => boolean

const isMs: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isText: Check = (value) => typeof value === 'string'
const isStatus: Check = (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599
const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

const when = optional(oneOf('before', 'after'))

const SHAPES: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  delay: { ms: isMs, when },
  hang: { when },
  refuse: {},
  reset: { when: oneOf('before', 'after') },
  status: { status: isStatus, body: optional(isText), contentType: optional(isText), when },
  body: { body: isText, contentType: optional(isText), when },
  truncate: { at: isMs, framing: optional(oneOf('broken', 'complete')) },
  drip: { bytes: isCount, ms: isMs },
  duplicate: { ms: optional(isMs), answer: optional(oneOf('first', 'second')) },
  lag: { ms: (value) => value === 'manual' || isMs(value) },
}
