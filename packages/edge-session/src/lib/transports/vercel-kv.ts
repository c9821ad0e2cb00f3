import { type ExecClient, execTransport } from '../exec-transport.ts'
import type { KVTransport } from '../kv-transport.ts'

/** What is used of a client of `@vercel/kv`. */
export type VercelKVClient = ExecClient

/**
 * Reaches KV through `@vercel/kv`: `kv: vercelKVTransport(kv)`, or a client of its `createClient`. `restTransport`, the
 * default, reads the same environment variables and needs no client; take this one to share a client you have.
 *
 * - `kv` reads its environment at the first call; if a variable is missing, every lookup is `unknown`.
 * - `createClient({ …, retry: { retries: 0 } })` is the better choice: by default a request is sent up to six times. That
 *   is safe, as every operation can be repeated, but it takes longer than a page should wait.
 * - In segments with `fetchCache = 'force-cache'` or `'default-cache'` Next.js writes what this client reads to its data
 *   cache, on disk. Nothing is answered from there, as every command is unique, but session data lies around: the client
 *   hands no option to `fetch` that would prevent it. Use `restTransport` in an app with such segments: its requests pass
 *   the cache by.
 * - Several commands at once are sent one after the other; several atomically are refused (`KVError` `protocol`), and so
 *   is a command whose answer may be a bare null. Sessions need neither.
 */
export function vercelKVTransport(client: VercelKVClient): KVTransport {
  return execTransport(client)
}
