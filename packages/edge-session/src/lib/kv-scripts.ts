import { CALL, FOLLOW, KEEP } from './kv-recognition-scripts.ts'

/** What managing sessions may do to KV, in the manner of `kv-recognition-scripts.ts`. */

const DROP = `local function drop(id)
return call('HDEL', 's:' .. id, 't:' .. id)
end
`

/**
 * `prune` gives the live sessions, oldest first, and removes everything that is over. What a later version of this
 * package wrote in a format of its own is left alone.
 */
const PRUNE = `local function isNewer(id)
local format = string.match(call('HGET', 's:' .. id), '^(%d+)|')
return format and format ~= '1'
end
local function prune(now)
local times, trails, live = {}, {}, {}
for _, field in ipairs(call('HKEYS')) do
local kind, id = string.sub(field, 1, 2), string.sub(field, 3)
if kind == 's:' then times[id] = call('HGET', 't:' .. id) or ''
elseif kind == 'r:' then trails[id] = true
elseif kind == 't:' and call('HEXISTS', 's:' .. id) == 0 then call('HDEL', field) end
end
for id, text in pairs(times) do
local created, seen, finish, idle = string.match(text, '^(%d+) %d+ (%d+) (%d+) (%d+)$')
if created and now < tonumber(finish) and now < tonumber(seen) + tonumber(idle) then
live[#live + 1] = { id = id, created = tonumber(created) }
elseif created or not isNewer(id) then
drop(id)
end
end
for id in pairs(trails) do
if not follow(id) then call('HDEL', 'r:' .. id) end
end
table.sort(live, function(a, b)
if a.created == b.created then return a.id < b.id end
return a.created < b.created
end)
return live
end
`

/** ARGV: id, state, times, ttl, now, limit, whenFull, replaces. Gives 1 and the number evicted, or 0. */
export const CREATE: string = `${CALL}${KEEP}${FOLLOW}${DROP}${PRUNE}local id = ARGV[1]
if call('HEXISTS', 's:' .. id) + call('HEXISTS', 'r:' .. id) > 0 then return {1, 0} end
local replaced = ARGV[8] ~= '' and follow(ARGV[8])
local others = {}
for _, session in ipairs(prune(tonumber(ARGV[5]))) do
if session.id ~= replaced then others[#others + 1] = session.id end
end
local excess = #others - tonumber(ARGV[6]) + 1
if excess > 0 and ARGV[7] == 'refuse' then return {0, 0} end
if replaced then drop(replaced) end
for i = 1, excess do drop(others[i]) end
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
drop(ARGV[1])
call('HSET', 's:' .. ARGV[2], ARGV[3], 't:' .. ARGV[2], ARGV[5])
keep(ARGV[6])
return 1`

/** Gives fields and values in turn. */
export const LIST = `return redis.call('HGETALL', KEYS[1])`

/** ARGV: except, now. Gives the number of live sessions ended. What a later version wrote, or a key that is no hash, goes as well. */
export const REVOKE: string = `${CALL}${FOLLOW}${DROP}${PRUNE}if call('TYPE').ok ~= 'hash' then
call('DEL')
return 0
end
local kept = ARGV[1] ~= '' and follow(ARGV[1])
local ended = 0
for _, session in ipairs(prune(tonumber(ARGV[2]))) do
if session.id ~= kept then ended = ended + 1 end
end
if not kept or call('HEXISTS', 's:' .. kept) == 0 then
call('DEL')
return ended
end
for _, field in ipairs(call('HKEYS')) do
local id = string.match(field, '^s:(.*)')
if id and id ~= kept then drop(id) end
end
return ended`
