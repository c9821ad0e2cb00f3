export { type LocalKV, type LocalKVOptions, startLocalKV } from './lib/local-kv.ts'
export type { RawReply } from './lib/raw-reply.ts'
export type { LocalKVStats } from './lib/stats.ts'
