import { inspect } from 'node:util'
import fc from 'fast-check'
import { type LocalKV, startLocalKV } from 'local-kv'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { convergeAll, signInAll, steps } from './model/commands.ts'
import { TROUBLES } from './model/faults.ts'
import { createWorld } from './model/world.ts'
import { report } from './report.ts'
import { type FrozenClock, freezeClock } from './support/frozen-clock.ts'
import { computeCryptoPromptly } from './support/prompt-crypto.ts'
import { PATIENCE, runs, SEED, seeded, timeLimit } from './support/settings.ts'

/** The proof stops at a million steps, or when its time is over. */
const RUNS = runs({ usual: 100, proof: 34_000 })
const LONGEST = 60
/** Without these a run proves little; the rare ones show in long runs only. */
const SEEN = [
  ...[
    'visit active',
    'visit none',
    'visit unknown',
    'sign-in ok',
    'update ok',
    'served from memory while it changed',
  ],
  ...['evicted', 'restarted', 'secret changed', 'replica lags', 'cookie copied'],
  ...(RUNS < 500
    ? []
    : [
        ...['touched', 'rotated', 'replaced token', 'reuse', 'stale replica', 'sealed again'],
        ...['corrupted: state', 'corrupted: times', 'corrupted: newer'],
        ...Object.keys(TROUBLES).map((name) => `trouble: ${name}`),
      ]),
]

computeCryptoPromptly()

let kv: LocalKV
let clock: FrozenClock
const printed: string[] = []
beforeAll(async () => {
  for (const method of ['error', 'warn'] as const)
    vi.spyOn(console, method).mockImplementation((...line) => void printed.push(inspect(line, { depth: 10 })))
  kv = await startLocalKV()
  clock = freezeClock()
})
afterAll(async () => {
  clock.restore()
  vi.restoreAllMocks()
  await kv.stop()
})

describe('three users with four browsers on two nodes, whatever they do and whatever KV does', () => {
  it(`see what the model says, after each of up to ${LONGEST} steps of ${RUNS} runs`, {
    timeout: 2 * PATIENCE,
  }, async () => {
    let [count, done] = [0, 0]
    const tally = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: LONGEST, size: 'max' }), async (commands) => {
        const world = await createWorld(kv, { clock, tally, printed })
        await signInAll(world)
        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands)
        await convergeAll(world)
        count += [...commands].length
        done += 1
      }),
      seeded({ numRuns: RUNS, ...timeLimit() }),
    )
    report('model', { runs: done, steps: count, seed: SEED, ...Object.fromEntries([...tally].sort()) })
    for (const seen of SEEN) expect(tally.get(seen), seen).toBeGreaterThan(0)
  })
})
