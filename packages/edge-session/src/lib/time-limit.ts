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
