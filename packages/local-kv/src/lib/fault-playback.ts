import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type DeliveryOptions, deliver } from './delivery.ts'
import type { FaultAction, FaultMoment } from './fault-rule.ts'
import { type EncodedReply, problem } from './reply-encoding.ts'

/** Plays the faults that struck one request. */
export interface FaultPlayback {
  /** Plays the faults of this moment. Resolves with the answer they put in place, if any. */
  play(when: FaultMoment): Promise<Outcome>
  deliver(answer: Answer): Promise<void>
}

/** `go-on`, an answer instead of the real one, or `lost`: there is no connection left to answer on. */
export type Outcome = 'go-on' | 'lost' | Answer

export function createFaultPlayback(options: DeliveryOptions): FaultPlayback {
  const { faults, response, signal } = options

  const playOne = async (fault: FaultAction): Promise<Outcome> => {
    switch (fault.type) {
      case 'delay':
        await sleep(fault.ms, undefined, { signal })
        return 'go-on'
      case 'hang':
        await untilClosed(response, signal)
        return 'lost'
      case 'refuse':
        response.socket?.destroy()
        return 'lost'
      case 'reset':
        response.socket?.resetAndDestroy()
        return 'lost'
      case 'status':
        return { reply: statusReply(fault), syncToken: null }
      case 'body':
        return { reply: { status: 200, ...canned(fault.body, fault.contentType) }, syncToken: null }
      default:
        return 'go-on'
    }
  }

  return {
    async play(when) {
      for (const fault of faults) {
        if (momentOf(fault) !== when) continue
        const outcome = await playOne(fault)
        if (outcome !== 'go-on') return outcome
      }
      return 'go-on'
    },
    deliver: (answer) => deliver(answer, options),
  }
}

function momentOf(fault: FaultAction): FaultMoment {
  return ('when' in fault && fault.when) || 'before'
}

function untilClosed(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // The client may have left during a fault before.
    if (response.closed) return resolve()
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    response.once('close', () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
  })
}

function statusReply(fault: Extract<FaultAction, { type: 'status' }>): EncodedReply {
  if (fault.body !== undefined) return { status: fault.status, ...canned(fault.body, fault.contentType) }
  const text =
    fault.status === 429 ? 'ERR max requests limit exceeded' : `ERR injected status ${fault.status}`
  return problem(fault.status, text)
}

function canned(body: string, contentType?: string): { contentType: string; body: Buffer } {
  const guess = body.trimStart().startsWith('<') ? 'text/html; charset=utf-8' : 'application/json'
  return { contentType: contentType ?? guess, body: Buffer.from(body) }
}
