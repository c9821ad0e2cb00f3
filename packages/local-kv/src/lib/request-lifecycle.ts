import { setTimeout as sleep } from 'node:timers/promises'
import type { Barriers } from './barriers.ts'
import { createFaultPlayback, type Outcome } from './fault-playback.ts'
import type { FaultAction } from './fault-rule.ts'
import type { FaultBook } from './faults.ts'
import type { Exchange } from './http-front.ts'
import type { Journal } from './journal.ts'
import type { Replica, Served } from './replica.ts'
import { encodeResult } from './reply-encoding.ts'

export interface LifecycleOptions {
  readonly replica: Replica
  /** Whether every read may be answered by the replica, not only those a `lag` rule matches. */
  readonly lagsAlways: boolean
  readonly faults: FaultBook
  readonly barriers: Barriers
  readonly journal: Journal
  /** Aborted when the server stops: whatever waits is given up. */
  readonly signal: AbortSignal
}

/**
 * The life of a request whose commands are known: faults before, barrier, apply, barrier, faults after,
 * answer. A client that goes away meanwhile does not stop it, as it would not stop a server far away.
 */
export function createLifecycle(options: LifecycleOptions): (exchange: Exchange) => Promise<void> {
  const { replica, barriers, journal, signal } = options

  return async ({ request, access, response }) => {
    const { commands, syncToken } = request
    const faults = options.faults.strike(commands)
    const note = journal.open(request, faults)
    const playback = createFaultPlayback({ faults, response, signal })
    const batch = { commands, atomic: request.form === 'multi-exec', access }
    const lagged = options.lagsAlways || faults.some((fault) => fault.type === 'lag')
    let applied = 0

    const apply = async (): Promise<Served> => {
      const served = await replica.run(batch, { lagged, syncToken })
      applied += 1
      note({ applied, servedBy: served.servedBy })
      return served
    }

    const finish = async (outcome: Exclude<Outcome, 'go-on'>) => {
      if (outcome === 'lost' || response.destroyed) return
      note({ status: outcome.reply.status })
      await playback.deliver(outcome)
    }

    try {
      const early = await playback.play('before')
      if (early !== 'go-on') return await finish(early)
      await barriers.pass(commands, 'before')
      const served = await applyAsOftenAs(faults, { apply, signal })
      await barriers.pass(commands, 'after')
      const late = await playback.play('after')
      await finish(
        late === 'go-on'
          ? { reply: encodeResult(request, served.result), syncToken: served.syncToken }
          : late,
      )
    } catch (error) {
      if (!signal.aborted) throw error
      response.destroy()
    }
  }
}

async function applyAsOftenAs(
  faults: readonly FaultAction[],
  { apply, signal }: { apply: () => Promise<Served>; signal: AbortSignal },
): Promise<Served> {
  const first = await apply()
  const duplicate = faults.find((fault) => fault.type === 'duplicate')
  if (!duplicate) return first
  const second = async () => {
    if (duplicate.ms) await sleep(duplicate.ms, undefined, { signal })
    return apply()
  }
  if (duplicate.answer === 'second') return second()
  if (!duplicate.ms) await second()
  // Nobody waits for a late duplicate; the server may even be stopped by then.
  else second().catch(() => {})
  return first
}
