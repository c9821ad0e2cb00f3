export { type VercelKVClient, vercelKVTransport } from '../lib/transports/vercel-kv.ts'
