/** Moves the time of this process, and so the expiry of what the embedded engine of local-kv holds. */
export interface MovingClock {
  advance(ms: number): void
  restore(): void
}

export function createMovingClock(): MovingClock {
  const present = Date.now
  let offset = 0
  return {
    advance(ms) {
      offset += ms
      Date.now = () => present() + offset
    },
    restore() {
      offset = 0
      Date.now = present
    },
  }
}
