/**
 * The mutations, one short script each, every one on the single key of one user. Times come from the caller (`now`),
 * lifetimes are relative, and the last argument of each is a nonce nobody reads: it makes every call unique, so that no
 * cache between us and Redis can answer in its place.
 *
 * Fields: `s:<id>` state, `t:<id>` times, `r:<oldId>` trail of a rotation (`newId graceEnd`).
 * A session exists if and only if its `s:` field does.
 */

/** At most this many trails lead to one session; older ones are forgotten. */
const MAX_TRAILS = 8

const KEEP_UNTIL = `
local function keep(ttl)
  redis.call('PEXPIRE', KEYS[1], ttl, 'NX')
  redis.call('PEXPIRE', KEYS[1], ttl, 'GT')
end`

const FOLLOW = `
local function follow(id)
  for _ = 1, ${MAX_TRAILS} do
    if redis.call('HEXISTS', KEYS[1], 's:' .. id) == 1 then return id end
    local trail = redis.call('HGET', KEYS[1], 'r:' .. id)
    local nextId = trail and string.match(trail, '^(%S+) %d+$')
    if not nextId then return nil end
    id = nextId
  end
end`

const DROP = `
local function drop(id)
  return redis.call('HDEL', KEYS[1], 's:' .. id, 't:' .. id)
end`

/**
 * Gives the live sessions, oldest first, and removes everything that is over. What a later version of this package
 * wrote in a format of its own is left alone.
 */
const PRUNE = `
local function isNewer(id)
  local format = string.match(redis.call('HGET', KEYS[1], 's:' .. id), '^(%d+)|')
  return format and format ~= '1'
end
local function prune(now)
  local times, trails, live = {}, {}, {}
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    local kind, id = string.sub(field, 1, 2), string.sub(field, 3)
    if kind == 's:' then times[id] = redis.call('HGET', KEYS[1], 't:' .. id) or ''
    elseif kind == 'r:' then trails[id] = true
    elseif kind == 't:' and redis.call('HEXISTS', KEYS[1], 's:' .. id) == 0 then redis.call('HDEL', KEYS[1], field) end
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
    if not follow(id) then redis.call('HDEL', KEYS[1], 'r:' .. id) end
  end
  table.sort(live, function(a, b)
    if a.created == b.created then return a.id < b.id end
    return a.created < b.created
  end)
  return live
end`

/** ARGV: id, state, times, ttl, now, limit, whenFull, replaces, nonce. Gives 1 and the evicted, or 0. */
export const CREATE: string = `${KEEP_UNTIL}${FOLLOW}${DROP}${PRUNE}
local id = ARGV[1]
if redis.call('HEXISTS', KEYS[1], 's:' .. id) == 1 then return {1, 0} end
local replaced = ARGV[8] ~= '' and follow(ARGV[8])
local live = prune(tonumber(ARGV[5]))
local room = tonumber(ARGV[6]) - 1
local others = {}
for _, session in ipairs(live) do
  if session.id ~= replaced then others[#others + 1] = session.id end
end
local excess = #others - room
if excess > 0 and ARGV[7] == 'refuse' then return {0, 0} end
if replaced then drop(replaced) end
for i = 1, excess do drop(others[i]) end
redis.call('HSET', KEYS[1], 's:' .. id, ARGV[2], 't:' .. id, ARGV[3])
keep(ARGV[4])
return {1, math.max(excess, 0)}`

/** ARGV: id, nonce. The same four values as the plain read, but from the primary. */
export const READ: string = `return redis.call('HMGET', KEYS[1], 's:' .. ARGV[1], 't:' .. ARGV[1], 'r:' .. ARGV[1], 'n:' .. ARGV[2])`

/** ARGV: id, times, lastSeenAt, ttl, nonce. */
export const TOUCH: string = `${KEEP_UNTIL}
local stored = redis.call('HMGET', KEYS[1], 's:' .. ARGV[1], 't:' .. ARGV[1])
if not stored[1] or not stored[2] then return 0 end
local seen = string.match(stored[2], '^%d+ %d+ (%d+) ')
if seen and tonumber(seen) < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 't:' .. ARGV[1], ARGV[2])
  keep(ARGV[4])
end
return 1`

/** ARGV: id, state, version, nonce. Gives 1, or the stored state and times that stand in the way, or 0. */
export const UPDATE: string = `
local stored = redis.call('HMGET', KEYS[1], 's:' .. ARGV[1], 't:' .. ARGV[1])
if not stored[1] then return {0} end
if stored[1] == ARGV[2] then return {1} end
local version = string.match(stored[1], '^1|(%d+)|')
if not version or tonumber(version) ~= tonumber(ARGV[3]) - 1 then return {2, stored[1], stored[2]} end
redis.call('HSET', KEYS[1], 's:' .. ARGV[1], ARGV[2])
return {1}`

/** ARGV: oldId, newId, times, ttl, graceEnd, nonce. Gives the trail `newId graceEnd`, or 0. */
export const ROTATE: string = `${KEEP_UNTIL}
local old, new = ARGV[1], ARGV[2]
local state = redis.call('HGET', KEYS[1], 's:' .. old)
if not state then return redis.call('HGET', KEYS[1], 'r:' .. old) or 0 end
redis.call('HSET', KEYS[1], 's:' .. new, state, 't:' .. new, ARGV[3], 'r:' .. old, new .. ' ' .. ARGV[5])
redis.call('HDEL', KEYS[1], 's:' .. old, 't:' .. old)
keep(ARGV[4])
local before = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'r:' then
    before[string.match(redis.call('HGET', KEYS[1], field), '^(%S*)')] = string.sub(field, 3)
  end
end
local id, seen = new, 0
while before[id] do
  id, seen = before[id], seen + 1
  if seen > ${MAX_TRAILS} then redis.call('HDEL', KEYS[1], 'r:' .. id) end
end
return new .. ' ' .. ARGV[5]`

/** ARGV: oldId, newId, state, version, times, ttl, nonce. The old id is gone without a trail. Gives 1, or 2 for a stale version, or 0. */
export const REPLACE: string = `${KEEP_UNTIL}${DROP}
if redis.call('HEXISTS', KEYS[1], 's:' .. ARGV[2]) == 1 then return 1 end
local state = redis.call('HGET', KEYS[1], 's:' .. ARGV[1])
if not state then return 0 end
local version = string.match(state, '^1|(%d+)|')
if not version or tonumber(version) ~= tonumber(ARGV[4]) - 1 then return 2 end
drop(ARGV[1])
redis.call('HSET', KEYS[1], 's:' .. ARGV[2], ARGV[3], 't:' .. ARGV[2], ARGV[5])
keep(ARGV[6])
return 1`

/** ARGV: id, nonce. Gives 1 if there was one. */
export const DESTROY: string = `${FOLLOW}${DROP}
local id = follow(ARGV[1])
redis.call('HDEL', KEYS[1], 't:' .. ARGV[1], 'r:' .. ARGV[1])
if not id then return 0 end
drop(id)
return 1`

/** ARGV: nonce. Gives fields and values in turn. */
export const LIST: string = `return redis.call('HGETALL', KEYS[1])`

/** ARGV: except, now, nonce. Gives the number of live sessions ended. A key that is no hash goes as well. */
export const REVOKE: string = `${FOLLOW}${DROP}${PRUNE}
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
  redis.call('DEL', KEYS[1])
  return 0
end
local kept = ARGV[1] ~= '' and follow(ARGV[1])
local ended = 0
for _, session in ipairs(prune(tonumber(ARGV[2]))) do
  if session.id ~= kept then
    drop(session.id)
    ended = ended + 1
  end
end
if not kept or redis.call('HEXISTS', KEYS[1], 's:' .. kept) == 0 then redis.call('DEL', KEYS[1]) end
return ended`
