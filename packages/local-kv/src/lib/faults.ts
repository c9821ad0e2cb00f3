import { checkRule, type FaultAction, type FaultRule } from './fault-rule.ts'
import { createMatcher } from './match.ts'
import type { Replica } from './replica.ts'
import type { Command } from './resp.ts'

/** The rules in force. Those that match one request act together, in the order they were added. */
export interface Faults {
  /** Adds a rule; the result takes it away again. Throws a `TypeError` if the rule is malformed. */
  add(rule: FaultRule): () => void
  /** Takes all rules away. Requests already struck (hanging, delayed) stay so. */
  clear(): void
  /** The rules in force, oldest first. */
  list(): readonly FaultRule[]
}

export interface FaultBook extends Faults {
  /** The faults that strike this request. Counts it in every rule: call it once per request. */
  strike(commands: readonly Command[]): readonly FaultAction[]
}

export function createFaults({ random, replica }: { random: () => number; replica: Replica }): FaultBook {
  const entries = new Map<
    symbol,
    { rule: FaultRule; matches: (commands: readonly Command[]) => boolean; end: () => void }
  >()

  const remove = (id: symbol) => {
    entries.get(id)?.end()
    entries.delete(id)
  }

  return {
    add(rule) {
      checkRule(rule)
      const id = Symbol('rule')
      const end = rule.action.type === 'lag' ? replica.follow(rule.action.ms) : () => {}
      entries.set(id, { rule, matches: createMatcher(rule.match ?? {}, random), end })
      return () => remove(id)
    },
    clear() {
      for (const id of [...entries.keys()]) remove(id)
    },
    list: () => [...entries.values()].map((entry) => entry.rule),
    strike: (commands) =>
      [...entries.values()].filter((entry) => entry.matches(commands)).map((entry) => entry.rule.action),
  }
}
