import type { KVProcess } from './kv-process.ts'

export interface KVCount {
  /** HTTP requests. */
  readonly requests: number
  readonly commands: number
  readonly byCommand: Readonly<Record<string, number>>
}

/** What the KV is asked while `work` runs. */
export async function countKV<Result>(
  kv: KVProcess,
  work: () => Promise<Result>,
): Promise<{ result: Result; kv: KVCount }> {
  await kv.resetStats()
  const result = await work()
  const { requests, commands, byCommand } = await kv.stats()
  return { result, kv: { requests, commands, byCommand } }
}

/** Every one of our read commands is an HMGET; what else a read of the app causes is a write, or a second look at the primary. */
export function perRequest({ byCommand }: KVCount, requests: number): { reads: number; others: number } {
  const { HMGET = 0, ...others } = byCommand
  const rest = Object.values(others).reduce((sum, count) => sum + count, 0)
  return { reads: HMGET / requests, others: rest / requests }
}
