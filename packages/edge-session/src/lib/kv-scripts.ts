import { CALL, FOLLOW, KEEP, MOST_TRAILS, VALUES_OF } from './kv-recognition-scripts.ts'

/** What managing sessions may do to KV, in the manner of `kv-recognition-scripts.ts`. */

/** `drop` removes many sessions, but no trails; `remove` many fields. */
const DROP = `local function remove(fields)
for first = 1, #fields, 1000 do
call('HDEL', unpack(fields, first, math.min(first + 999, #fields)))
end
end
local function drop(ids)
local fields = {}
for n, id in ipairs(ids) do fields[2 * n - 1], fields[2 * n] = 's:' .. id, 't:' .. id end
remove(fields)
end
`

/**
 * `prune` gives the live sessions, oldest first, and removes everything that is over. What a later version of this
 * package wrote in a format of its own is left alone. It runs one command to list the fields, one to read and one to
 * remove every thousand of them, and one for each session it cannot read.
 */
const PRUNE = `local function isNewer(id)
local format = string.match(call('HGET', 's:' .. id), '^(%d+)|')
return format and format ~= '1'
end
local function prune(now)
local ids, exists, fields, over, live = {}, {}, {}, {}, {}
local all = call('HKEYS')
for _, field in ipairs(all) do
local kind, id = string.sub(field, 1, 2), string.sub(field, 3)
if kind == 's:' then
ids[#ids + 1], exists[id] = id, true
fields[#fields + 1] = 't:' .. id
elseif kind == 'r:' then
fields[#fields + 1] = field
end
end
local values = valuesOf(fields)
for _, id in ipairs(ids) do
local created, seen, finish, idle = string.match(values['t:' .. id] or '', '^(%d+) %d+ (%d+) (%d+) (%d+)$')
if created and now < tonumber(finish) and now < tonumber(seen) + tonumber(idle) then
live[#live + 1] = { id = id, created = tonumber(created) }
elseif created or not isNewer(id) then
exists[id] = nil
over[#over + 1] = 's:' .. id
end
end
local function leads(id)
for _ = 0, ${MOST_TRAILS} do
if exists[id] then return true end
id = string.match(values['r:' .. id] or '', '^%S+')
if not id then return false end
end
end
for _, field in ipairs(all) do
local kind, id = string.sub(field, 1, 2), string.sub(field, 3)
if kind == 't:' and not exists[id] or kind == 'r:' and not leads(id) then over[#over + 1] = field end
end
remove(over)
table.sort(live, function(a, b)
if a.created == b.created then return a.id < b.id end
return a.created < b.created
end)
return live
end
`

/** ARGV: id, state, times, ttl, now, limit, whenFull, replaces. Gives 1 and the number evicted, or 0. A key that is no hash goes. */
export const CREATE: string = `${CALL}${VALUES_OF}${KEEP}${FOLLOW}${DROP}${PRUNE}local id = ARGV[1]
local known = redis.pcall('HMGET', KEYS[1], 's:' .. id, 'r:' .. id)
if known.err then
if not string.match(known.err, '^WRONGTYPE') then return known end
call('DEL')
known = {}
end
if known[1] or known[2] then return {1, 0} end
local replaced = ARGV[8] ~= '' and follow(ARGV[8])
local others = {}
for _, session in ipairs(prune(tonumber(ARGV[5]))) do
if session.id ~= replaced then others[#others + 1] = session.id end
end
local excess = #others - tonumber(ARGV[6]) + 1
if excess > 0 and ARGV[7] == 'refuse' then return {0, 0} end
local ended = { replaced or nil }
for n = 1, excess do ended[#ended + 1] = others[n] end
drop(ended)
call('HSET', 's:' .. id, ARGV[2], 't:' .. id, ARGV[3])
keep(ARGV[4])
return {1, math.max(excess, 0)}`

/** ARGV: id, state, version. Gives 1, or 2 and the stored state and times that stand in the way, or 0. */
export const UPDATE: string = `local stored = redis.call('HMGET', KEYS[1], 's:' .. ARGV[1], 't:' .. ARGV[1])
if not stored[1] then return {0} end
if stored[1] == ARGV[2] then return {1} end
local version = string.match(stored[1], '^1|(%d+)|')
if not version or tonumber(version) ~= tonumber(ARGV[3]) - 1 then return {2, stored[1], stored[2]} end
redis.call('HSET', KEYS[1], 's:' .. ARGV[1], ARGV[2])
return {1}`

/** ARGV: oldId, newId, state, version, times, ttl. The old id is gone without a trail. Gives 1, or 2 for a stale version, or 0. */
export const REPLACE: string = `${CALL}${KEEP}${DROP}if call('HEXISTS', 's:' .. ARGV[2]) == 1 then return 1 end
local state = call('HGET', 's:' .. ARGV[1])
if not state then return 0 end
local version = string.match(state, '^1|(%d+)|')
if not version or tonumber(version) ~= tonumber(ARGV[4]) - 1 then return 2 end
drop({ ARGV[1] })
call('HSET', 's:' .. ARGV[2], ARGV[3], 't:' .. ARGV[2], ARGV[5])
keep(ARGV[6])
return 1`

/** Gives fields and values in turn; nothing where the key is no hash. */
export const LIST = `local all = redis.pcall('HGETALL', KEYS[1])
return all.err and string.match(all.err, '^WRONGTYPE') and {} or all`

/**
 * ARGV: except, now. Gives the number of live sessions ended; -1, and ends none, if `except` is none. What a later version
 * wrote, or a key that is no hash, goes as well.
 */
export const REVOKE: string = `${CALL}${VALUES_OF}${FOLLOW}${DROP}${PRUNE}local known = redis.pcall('HMGET', KEYS[1], 's:')
if known.err then
if not string.match(known.err, '^WRONGTYPE') then return known end
if ARGV[1] ~= '' then return -1 end
call('DEL')
return 0
end
local kept = ARGV[1] ~= '' and follow(ARGV[1])
local ended = 0
for _, session in ipairs(prune(tonumber(ARGV[2]))) do
if session.id ~= kept then ended = ended + 1 end
end
if ARGV[1] == '' then
call('DEL')
return ended
end
if not kept or call('HEXISTS', 's:' .. kept) == 0 then return -1 end
local others = {}
for _, field in ipairs(call('HKEYS')) do
local id = string.match(field, '^s:(.*)')
if id and id ~= kept then others[#others + 1] = id end
end
drop(others)
return ended`
