export {
  type RedisClient,
  type RedisClusterClient,
  type RedisCommandOptions,
  type RedisTransaction,
  redisTransport,
} from '../lib/transports/redis.ts'
