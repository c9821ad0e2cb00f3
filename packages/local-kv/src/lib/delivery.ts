import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultAction } from './fault-rule.ts'
import type { EncodedReply } from './reply-encoding.ts'

export interface Answer {
  readonly reply: EncodedReply
  /** Null for an answer that pretends to come from something in between, which knows no sync tokens. */
  readonly syncToken: string | null
}

/** Sends an answer whole. */
export function send(response: ServerResponse, { reply, syncToken }: Answer): void {
  writeHead(response, { reply, syncToken })
  response.end(reply.body)
}

export interface DeliveryOptions {
  readonly response: ServerResponse
  readonly faults: readonly FaultAction[]
  /** Aborted when the server stops. */
  readonly signal: AbortSignal
}

/** Sends an answer as the `truncate` and `drip` faults among these want it. */
export async function deliver(answer: Answer, { response, faults, signal }: DeliveryOptions): Promise<void> {
  const cut = faults.find((fault) => fault.type === 'truncate')
  const drip = faults.find((fault) => fault.type === 'drip')
  if (!cut && !drip) return send(response, answer)

  const whole = answer.reply.body
  const body = cut ? whole.subarray(0, cut.at) : whole
  const breaksOff = body.length < whole.length && cut?.framing !== 'complete'
  writeHead(response, breaksOff ? answer : { ...answer, reply: { ...answer.reply, body } })
  response.flushHeaders()
  const step = drip?.bytes ?? Math.max(body.length, 1)
  for (let start = 0; start < body.length && !response.destroyed; start += step) {
    await write(response, body.subarray(start, start + step))
    if (drip) await sleep(drip.ms, undefined, { signal })
  }
  if (breaksOff) response.socket?.destroySoon()
  else response.end()
}

function writeHead(response: ServerResponse, { reply, syncToken }: Answer): void {
  response.writeHead(reply.status, {
    'content-type': reply.contentType,
    'content-length': reply.body.length,
    ...(syncToken === null ? {} : { 'upstash-sync-token': syncToken }),
  })
}

function write(response: ServerResponse, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => response.write(chunk, () => resolve()))
}
