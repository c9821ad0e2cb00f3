import { argumentText } from './command-table.ts'
import type { FaultMoment } from './fault-rule.ts'
import { checkMatch, createMatcher, type Match } from './match.ts'
import type { Command } from './resp.ts'

/** Holds matching requests until it is released. */
export interface Barrier {
  /** Resolves with the commands of the first request it holds. */
  readonly held: Promise<readonly (readonly string[])[]>
  /** How many requests it holds right now. */
  waiting(): number
  /** Lets the held requests go on, in the order they came, and holds no more. */
  release(): void
}

export interface Barriers {
  /**
   * `before` (default) holds requests before their commands are applied, `after` holds their answers.
   * A client that gives up meanwhile does not take its commands back.
   */
  arm(match: Match, when?: FaultMoment): Barrier
  /** Waits as long as a barrier holds this request. */
  pass(commands: readonly Command[], when: FaultMoment): Promise<void>
  releaseAll(): void
}

export function createBarriers(random: () => number): Barriers {
  interface Armed extends Barrier {
    readonly when: FaultMoment
    readonly matches: (commands: readonly Command[]) => boolean
    hold(commands: readonly Command[]): Promise<void>
  }
  const armed = new Set<Armed>()

  return {
    arm(match, when = 'before') {
      checkMatch(match)
      const waiting: (() => void)[] = []
      let announce: (commands: readonly (readonly string[])[]) => void = () => {}
      const barrier: Armed = {
        when,
        matches: createMatcher(match, random),
        held: new Promise((resolve) => {
          announce = resolve
        }),
        waiting: () => waiting.length,
        hold: (commands) =>
          new Promise((resolve) => {
            waiting.push(resolve)
            announce(commands.map((command) => command.map(argumentText)))
          }),
        release() {
          armed.delete(barrier)
          for (const resolve of waiting.splice(0)) resolve()
        },
      }
      armed.add(barrier)
      return barrier
    },
    async pass(commands, when) {
      for (const barrier of [...armed]) {
        if (armed.has(barrier) && barrier.when === when && barrier.matches(commands))
          await barrier.hold(commands)
      }
    },
    releaseAll() {
      for (const barrier of [...armed]) barrier.release()
    },
  }
}
