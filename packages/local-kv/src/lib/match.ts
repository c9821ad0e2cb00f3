import { commandName, keysOf } from './command-table.ts'
import { globToRegExp } from './glob.ts'
import type { Command } from './resp.ts'

/**
 * Which requests a fault or a barrier applies to. A request (a pipeline and a transaction are one
 * request each) matches if one of its commands fits both `command` and `key`; the counting conditions
 * then count such requests. All conditions given must hold; an empty match is every request.
 */
export interface Match {
  /** A command name or several, in any case. */
  readonly command?: string | readonly string[]
  /** A Redis glob pattern such as `sess:*`, or (in process only) a regular expression. */
  readonly key?: string | RegExp
  /** Only the n-th fitting request, counted from 1. */
  readonly nth?: number
  /** Every n-th fitting request: 2 is the second, the fourth and so on. */
  readonly every?: number
  /** A fitting request counts with this probability, 0 to 1, drawn from the server's seed. */
  readonly probability?: number
  /** At most so often, then never again. */
  readonly times?: number
}

/** A matcher with its own counters. Call it exactly once per request. */
export function createMatcher(match: Match, random: () => number): (commands: readonly Command[]) => boolean {
  const names =
    match.command === undefined
      ? undefined
      : new Set([match.command].flat().map((name) => name.toUpperCase()))
  const pattern = typeof match.key === 'string' ? globToRegExp(match.key) : match.key
  let fitting = 0
  let matched = 0

  const fits = (command: Command): boolean =>
    (!names || names.has(commandName(command))) &&
    (!pattern || keysOf(command).some((key) => hasMatch(pattern, key)))

  return (commands) => {
    if (!commands.some(fits)) return false
    fitting += 1
    if (match.nth !== undefined && fitting !== match.nth) return false
    if (match.every !== undefined && fitting % match.every !== 0) return false
    if (match.probability !== undefined && random() >= match.probability) return false
    if (match.times !== undefined && matched >= match.times) return false
    matched += 1
    return true
  }
}

/** Throws a `TypeError` that says what is wrong. Rules can come from outside, over the control port. */
export function checkMatch(value: unknown): asserts value is Match {
  if (!isRecord(value))
    throw new TypeError('local-kv: match is not an object. Give it as { command, key, nth, … }.')
  for (const [name, condition] of Object.entries(value)) {
    if (condition === undefined) continue
    const check = Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name] : undefined
    if (!check)
      throw new TypeError(`local-kv: match.${name} is not known. Use ${Object.keys(CONDITIONS).join(', ')}.`)
    if (!check.fits(condition))
      throw new TypeError(`local-kv: match.${name} is wrong. It must be ${check.is}.`)
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1
}

interface Condition {
  readonly fits: (value: unknown) => boolean
  readonly is: string
}

const COUNT: Condition = { fits: isCount, is: 'an integer of at least 1' }

const CONDITIONS: Readonly<Record<string, Condition>> = {
  command: {
    fits: (value) => [value].flat().every((name) => typeof name === 'string' && name !== ''),
    is: 'a command name or an array of them',
  },
  key: { fits: (value) => isGlob(value) || value instanceof RegExp, is: 'a glob pattern' },
  nth: COUNT,
  every: COUNT,
  probability: {
    fits: (value) => typeof value === 'number' && value >= 0 && value <= 1,
    is: 'a number from 0 to 1',
  },
  times: COUNT,
}

function isGlob(value: unknown): boolean {
  try {
    return typeof value === 'string' && globToRegExp(value) instanceof RegExp
  } catch {
    // A range that goes backwards: `[z-a]`.
    return false
  }
}

/** A regular expression with the flag `g` or `y` keeps a position between calls. */
function hasMatch(pattern: RegExp, key: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(key)
}
