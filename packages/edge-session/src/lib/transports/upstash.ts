import { type ExecClient, execTransport } from '../exec-transport.ts'
import type { KVTransport } from '../kv-transport.ts'

/** What is used of a client of `@upstash/redis`. */
export type UpstashClient = ExecClient

/**
 * Reaches KV through your own `Redis` of `@upstash/redis` (1.38.4 or later): `kv: upstashTransport(Redis.fromEnv())`.
 * `restTransport`, the default, does the same in a tenth of the bytes; take this one if you need what the client
 * has and it has not, such as an agent or middleware.
 *
 * - Give the client `retry: { retries: 0 }`. By default it sends a request up to six times. That is safe, as every
 *   operation can be repeated, but it takes longer than a page should wait.
 *   With `signal: () => AbortSignal.timeout(750)` requests that nobody waits for any more end as well.
 * - `automaticDeserialization`, `enableAutoPipelining` and `responseEncoding` may be as they like.
 * - In segments with `fetchCache = 'force-cache'` Next.js writes what this client reads to its data cache, on disk.
 *   Nothing is answered from there, as every command is unique, but session data lies around: the client hands no
 *   option to `fetch` that would prevent it. In segments with `'only-cache'` Next.js refuses its requests, and every
 *   lookup is `unknown`. Use `restTransport` in an app with such segments: its requests pass the cache by.
 * - Several commands at once are sent one after the other; several atomically are refused (`KVError` `protocol`), and so
 *   is a command whose answer may be a bare null. Sessions need neither.
 */
export function upstashTransport(client: UpstashClient): KVTransport {
  return execTransport(client)
}
