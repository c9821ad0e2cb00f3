import type { Argument, Command } from './resp.ts'

/** The name in upper case, as every table here has it. */
export function commandName(command: Command): string {
  return argumentText(command[0] ?? '').toUpperCase()
}

/** Whether the command only reads, so that a replica may answer it. EVAL is a write, EVAL_RO a read. */
export function isRead(command: Command): boolean {
  return READS.has(commandName(command))
}

/** The keys a command names. Scripts name them after numkeys; keys a script makes up are not seen. */
export function keysOf(command: Command): readonly string[] {
  const name = commandName(command)
  const words = command.map(argumentText)
  if (KEYLESS.has(name)) return []
  if (ALL_KEYS.has(name)) return words.slice(1)
  if (TWO_KEYS.has(name)) return words.slice(1, 3)
  if (name === 'MSET' || name === 'MSETNX') return words.slice(1).filter((_, index) => index % 2 === 0)
  if (name === 'BITOP') return words.slice(2)
  if (KEY_SECOND.has(name)) return words.slice(2, 3)
  if (name === 'XREAD' || name === 'XREADGROUP') return streamKeys(words)
  if (COUNTED_AFTER_TWO.has(name)) return counted(words, 2)
  if (COUNTED_AFTER_ONE.has(name)) return counted(words, 1)
  if (COUNTED_STORE.has(name)) return [...words.slice(1, 2), ...counted(words, 2)]
  return [...words.slice(1, 2), ...storedKey(name, words)]
}

export function argumentText(argument: Argument): string {
  return typeof argument === 'string' ? argument : Buffer.from(argument).toString()
}

function counted(words: readonly string[], at: number): string[] {
  return words.slice(at + 1, at + 1 + Number(words[at] ?? 0))
}

function streamKeys(words: readonly string[]): string[] {
  const rest = words.slice(words.findIndex((word) => word.toUpperCase() === 'STREAMS') + 1)
  return rest.slice(0, rest.length / 2)
}

function storedKey(name: string, words: readonly string[]): string[] {
  if (name !== 'SORT' && name !== 'GEORADIUS' && name !== 'GEORADIUSBYMEMBER') return []
  const at = words.findIndex((word, index) => index > 1 && /^STORE(DIST)?$/i.test(word))
  return at === -1 ? [] : words.slice(at + 1, at + 2)
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/))
}

const READS = words(`
  BITCOUNT BITFIELD_RO BITPOS COMMAND DBSIZE DUMP ECHO EVALSHA_RO EVAL_RO EXISTS EXPIRETIME FCALL_RO GEODIST
  GEOHASH GEOPOS GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GET GETBIT GETRANGE HEXISTS HEXPIRETIME HGET HGETALL
  HKEYS HLEN HMGET HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSTRLEN HTTL HVALS INFO KEYS LCS LINDEX LLEN LPOS LRANGE
  MEMORY MGET OBJECT PEXPIRETIME PFCOUNT PING PTTL PUBSUB RANDOMKEY SCAN SCARD SDIFF SINTER SINTERCARD SISMEMBER
  SMEMBERS SMISMEMBER SORT_RO SRANDMEMBER SSCAN STRLEN SUBSTR SUNION TIME TTL TYPE XINFO XLEN XPENDING XRANGE
  XREAD XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE ZRANGEBYLEX
  ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION`)

const KEYLESS = words(`
  COMMAND DBSIZE ECHO FLUSHALL FLUSHDB FUNCTION INFO KEYS LASTSAVE LOLWUT PING PUBLISH PUBSUB RANDOMKEY SCAN SCRIPT
  TIME WAIT WAITAOF`)
const ALL_KEYS = words(
  'DEL EXISTS MGET PFCOUNT PFMERGE SDIFF SDIFFSTORE SINTER SINTERSTORE SUNION SUNIONSTORE TOUCH UNLINK',
)
const TWO_KEYS = words('COPY GEOSEARCHSTORE LCS LMOVE RENAME RENAMENX RPOPLPUSH SMOVE ZRANGESTORE')
const KEY_SECOND = words('MEMORY OBJECT XGROUP XINFO')
const COUNTED_AFTER_TWO = words('EVAL EVALSHA EVALSHA_RO EVAL_RO FCALL FCALL_RO')
const COUNTED_AFTER_ONE = words('LMPOP SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION')
const COUNTED_STORE = words('ZDIFFSTORE ZINTERSTORE ZUNIONSTORE')
