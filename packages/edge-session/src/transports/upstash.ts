export { type UpstashClient, upstashTransport } from '../lib/transports/upstash.ts'
