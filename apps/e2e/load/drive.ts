import { setTimeout as pause } from 'node:timers/promises'

/** `connections` at once, each as fast as it is answered. */
export async function driveFully(
  step: () => Promise<unknown>,
  { connections, until }: { connections: number; until: number },
): Promise<void> {
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (Date.now() < until) await step()
    }),
  )
}

/** So many a second, whether or not earlier ones have been answered. */
export async function drivePaced(
  step: () => Promise<unknown>,
  { perSecond, until }: { perSecond: number; until: number },
): Promise<void> {
  const started = performance.now()
  const under: Promise<unknown>[] = []
  for (let sent = 0; Date.now() < until; ) {
    const due = Math.floor(((performance.now() - started) / 1_000) * perSecond)
    for (; sent < due; sent += 1) under.push(step())
    if (under.length > 10_000) await Promise.all(under.splice(0, under.length))
    await pause(Math.max(1, 1_000 / perSecond / 2))
  }
  await Promise.all(under)
}
