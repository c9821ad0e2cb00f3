/** Stops the time of this process, and so that of local-kv's embedded engine. It moves only when it is told to. */
export interface FrozenClock {
  readonly now: number
  advance(ms: number): void
  restore(): void
}

export function freezeClock(): FrozenClock {
  const present = Date.now
  let now = present()
  Date.now = () => now
  return {
    get now() {
      return now
    },
    advance(ms) {
      now += ms
    },
    restore() {
      Date.now = present
    },
  }
}
