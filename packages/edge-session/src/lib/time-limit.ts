import { KVError } from './kv-transport.ts'

/** Work that ignores the signal still ends in time; what it answers later is not heard. */
export async function withinTime<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let stop: () => void = () => {}
  const timeUp = new Promise<never>((_, reject) => {
    stop = () => reject(new KVError('timeout'))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, timeUp])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/**
 * Work with a time of its own, in milliseconds: it is told when that is over, and not heard any more if it goes on. Not
 * `AbortSignal.timeout`, whose timer runs on and makes an error for every call that was answered long ago.
 */
export async function withTimeLimit<Value>(
  limit: number,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), limit)
  try {
    return await withinTime(work(controller.signal), controller.signal)
  } finally {
    clearTimeout(timer)
  }
}
