/**
 * What recognising a visitor may do to KV: short scripts on the single key of one user. Times come from the caller,
 * lifetimes are relative, and the last argument of each is a nonce nobody reads.
 *
 * Fields: `s:<id>` state, `t:<id>` times, `r:<oldId>` trail of a rotation (`newId graceEnd`).
 * A session exists if and only if its `s:` field does.
 */

/**
 * At most this many trails lead to one session: from its first id, by which every older token is known again, and from
 * the latest. Those between are forgotten.
 */
export const MOST_TRAILS = 8

/** `call` runs a command on the key. */
export const CALL = `local function call(command, ...)
return redis.call(command, KEYS[1], ...)
end
`

/**
 * `valuesOf` gives the values of many fields, by field: one command for every thousand, as a call of Lua takes some
 * thousands at most.
 */
export const VALUES_OF: string = `local function valuesOf(fields)
local values = {}
for first = 1, #fields, 1000 do
for n, value in ipairs(call('HMGET', unpack(fields, first, math.min(first + 999, #fields)))) do
values[fields[first + n - 1]] = value
end
end
return values
end
`

/** `keep` lets the key live for at least `ttl`; it never shortens its life. */
export const KEEP = `local function keep(ttl)
call('PEXPIRE', ttl, 'NX')
call('PEXPIRE', ttl, 'GT')
end
`

/** `follow` gives the id under which a session lives now, or nil. */
export const FOLLOW: string = `local function follow(id)
for _ = 0, ${MOST_TRAILS} do
if call('HEXISTS', 's:' .. id) == 1 then return id end
id = string.match(call('HGET', 'r:' .. id) or '', '^%S+')
if not id then return end
end
end
`

/** ARGV: the four fields. The plain read, but from the primary: replicas do not run scripts that may write. */
export const READ = `return redis.call('HMGET', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4])`

/** ARGV: id, times, lastSeenAt, ttl. Gives 1 if the session exists. The most frequent of all, so it runs three commands. */
export const TOUCH = `local stored = redis.call('HMGET', KEYS[1], 's:' .. ARGV[1], 't:' .. ARGV[1])
local seen = string.match(stored[2] or '', '^%d+ %d+ (%d+)')
if not stored[1] or not seen then return 0 end
if tonumber(seen) < tonumber(ARGV[3]) then
redis.call('HSET', KEYS[1], 't:' .. ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4], 'GT')
end
return 1`

/** ARGV: oldId, newId, times, ttl, graceEnd. Gives the trail `newId graceEnd`, or 0. */
export const ROTATE: string = `${CALL}${VALUES_OF}${KEEP}local old, id = ARGV[1], ARGV[2]
local state = call('HGET', 's:' .. old)
if not state then return call('HGET', 'r:' .. old) or 0 end
local trail = id .. ' ' .. ARGV[5]
call('HSET', 's:' .. id, state, 't:' .. id, ARGV[3], 'r:' .. old, trail)
call('HDEL', 's:' .. old, 't:' .. old)
keep(ARGV[4])
local fields, before, nearest = {}, {}, id
for _, field in ipairs(call('HKEYS')) do
if string.sub(field, 1, 2) == 'r:' then fields[#fields + 1] = field end
end
local trails = valuesOf(fields)
for field, text in pairs(trails) do
before[string.match(text, '^%S*')] = string.sub(field, 3)
end
for n = 1, 99 do
id = before[id]
if not id then break end
local field = 'r:' .. id
if n < ${MOST_TRAILS} then nearest = id
elseif before[id] then call('HDEL', field)
else call('HSET', field, nearest .. string.match(trails[field], '%s.*')) end
end
return trail`

/** ARGV: id. Ends the session, or the one it was rotated to. Gives 1 if there was one. */
export const DESTROY: string = `${CALL}${FOLLOW}local id = follow(ARGV[1])
call('HDEL', 't:' .. ARGV[1], 'r:' .. ARGV[1])
return id and call('HDEL', 's:' .. id, 't:' .. id) and 1 or 0`
