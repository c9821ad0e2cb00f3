/**
 * The change feed: one Redis stream that tells whose sessions ended, changed or moved. Its ids are the server's, so no
 * clock of ours takes part. It is trimmed by age; who has not read for longer starts anew.
 */

/** Changes stay in the feed for 10 minutes at least; without any, the feed itself is forgotten after 20. */
const KEPT_FOR = 600_000
/** Readers that missed more than this start anew. */
const MOST_CHANGES = 1_000
/** However many changes there are: the feed never takes more than some megabytes. */
const LONGEST_FEED = 50_000

/**
 * Every entry bears the nonce of its script, so that one of the same id in a feed that was begun anew is another one, and
 * that of the feed's first entry, by which one feed is told from another.
 */
function append(feed: string, key: string): string {
  return `local newest = redis.call('XREVRANGE', ${feed}, '+', '-', 'COUNT', 1)[1]
local first = newest and newest[2][6] or ARGV[#ARGV]
local entry = redis.call('XADD', ${feed}, 'MAXLEN', '~', '${LONGEST_FEED}', '*', 'k', ${key}, 'n', ARGV[#ARGV], 'f', first)
redis.call('XTRIM', ${feed}, 'MINID', '~', string.format('%.0f', tonumber(string.match(entry, '^%d+')) - ${KEPT_FOR}))
redis.call('PEXPIRE', ${feed}, ${2 * KEPT_FOR})`
}

/**
 * The script, and in the same step the announcement of its key in the feed, `KEYS[2]`, if its `result` meets the
 * condition. The key is the last argument but the nonce: a client may put a prefix of its own before what is in `KEYS`.
 */
export function announced(script: string, condition: string): string {
  return `local function change()
${script}
end
local result = change()
if ${condition} then
${append('KEYS[2]', 'ARGV[#ARGV - 1]')}
end
return result`
}

/** KEYS: the feed. ARGV: the key that changed. */
export const ANNOUNCE: string = `${append('KEYS[1]', 'ARGV[1]')}
return 1`

/**
 * KEYS: the feed. ARGV: cursor, or empty. Gives 1, the next cursor and every key that changed since, some perhaps
 * twice; or 0 and a cursor to begin with, if the feed no longer holds the entry the cursor stands on.
 */
export const CHANGES: string = `local function cursor(entry)
return entry[1] .. ' ' .. entry[2][4] .. ' ' .. (entry[2][6] or '')
end
local id = string.match(ARGV[1], '^%S+')
if id then
local entries = redis.call('XRANGE', KEYS[1], id, '+', 'COUNT', ${MOST_CHANGES + 1})
if entries[1] and cursor(entries[1]) == ARGV[1] and #entries <= ${MOST_CHANGES} then
local reply = {1, cursor(entries[#entries])}
for n = 2, #entries do reply[n + 1] = entries[n][2][2] end
return reply
end
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last then return {0, cursor(last)} end
${append('KEYS[1]', "''")}
return {0, entry .. ' ' .. ARGV[#ARGV] .. ' ' .. first}`
