import type fc from 'fast-check'

/** Holds whoever calls it until its turn comes. */
export type Turn = (label: string) => Promise<void>

/** Several parties at work at once, of whom one at a time may take a step, in the order the scheduler draws. */
export interface Interleaving {
  /** Adds a party. Its work starts with `run`, and stops at every `turn`. */
  party<Result>(name: string, work: (turn: Turn) => Promise<Result>): Promise<Settled<Result>>
  /** Lets all parties finish; resolves to the order of their steps. */
  run(): Promise<string>
}

/** How a party's work ended. */
export type Settled<Result> =
  | { readonly value: Result; readonly code: null }
  | { readonly value: null; readonly code: string }

export function createInterleaving(scheduler: fc.Scheduler): Interleaving {
  const parties: { waiting: number; done: boolean }[] = []
  const steps: string[] = []
  let start: () => void = () => {}
  const started = new Promise<void>((resolve) => {
    start = resolve
  })

  /** Every party has finished or waits for its turn, so that what is drawn does not depend on how fast they are. */
  async function settled(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve))
    while (parties.some(({ done, waiting }) => !done && waiting === 0))
  }

  return {
    async party(name, work) {
      const state = { waiting: 0, done: false }
      parties.push(state)
      const turn: Turn = async (label) => {
        state.waiting += 1
        await scheduler.schedule(Promise.resolve(), `${name}: ${label}`)
        state.waiting -= 1
        steps.push(name)
      }
      await started
      try {
        return { value: await work(turn), code: null }
      } catch (error) {
        const code = (error as { code?: unknown }).code
        // A failed assertion, or a mistake of the test, is no outcome.
        if (typeof code !== 'string' || !code.startsWith('ERR_SESSION')) throw error
        return { value: null, code }
      } finally {
        state.done = true
      }
    },

    async run() {
      start()
      await settled()
      while (scheduler.count() > 0) {
        await scheduler.waitNext(1)
        await settled()
      }
      return steps.join(' ')
    },
  }
}
