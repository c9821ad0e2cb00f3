export { type IORedisClient, ioredisTransport } from '../lib/transports/ioredis.ts'
