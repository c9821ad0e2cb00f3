/** Counts the commands of one way to keep sessions. */
export interface Ledger {
  /** Commands that reached KV. */
  sent: number
  /** The same with those that scripts run, which Upstash may bill as well. */
  run: number
  /** Most commands sent in one minute. */
  busiestMinute: number
  /** By what they were for. */
  readonly purposes: Map<string, number>
  add(at: number, purpose: string, run?: number): void
}

/** `run` counts what one command makes KV run, itself included: more than 1 for scripts. */
export function createLedger(): Ledger {
  let minute = -1
  let inMinute = 0
  return {
    sent: 0,
    run: 0,
    busiestMinute: 0,
    purposes: new Map(),
    add(at, purpose, run = 1) {
      this.sent += 1
      this.run += run
      this.purposes.set(purpose, (this.purposes.get(purpose) ?? 0) + 1)
      const current = Math.floor(at / 60_000)
      if (current !== minute) inMinute = 0
      minute = current
      inMinute += 1
      this.busiestMinute = Math.max(this.busiestMinute, inMinute)
    },
  }
}
