import { NEAR_PART, SHARE_PARTS } from '../../../ledger/leases/granter.ts';

/**
 * The items of one message that are of one cap and scope value: what `granter.ts` says, in Lua.
 *
 * KEYS: accounts, index of parts, slices of the holder, terms (raises, and whether it is closed).
 * In `s` of an item stand known, spent, returned, in flight, need, demand, want and the ceiling,
 * three numbers each, -1 for what is not capped. All that can say no comes before the first write.
 */
export const APPLY = `
local accounts, index, slices, terms = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local at = now()
local isDry = said.mode ~= 'apply'

local state = redis.call('HGET', slices, '#state')
if state == 'closed' then return {'fenced'} end
if not state and not said.isRegistered then return {'unregistered'} end

local names = {}
for position, item in ipairs(said.items) do names[position] = item.key end
local rows, mine = {}, {}
local foundRows = redis.call('HMGET', accounts, unpack(names))
local foundMine = redis.call('HMGET', slices, unpack(names))
for position, item in ipairs(said.items) do
  local row, slice = foundRows[position], foundMine[position]
  rows[item.key] = row and readRow(row)
  mine[item.key] = slice and readSlice(slice)
end

for _, item in ipairs(said.items) do
  local row, slice = rows[item.key], mine[item.key]
  if not gone(item.last, at) then
    local known, kept = sums(item.s, 1), slice and slice.granted or NONE
    if not said.isDeclared and not within(known, kept) then
      local told = text(known[1]) .. '/' .. text(known[2]) .. '/' .. text(known[3])
      local has = text(kept[1]) .. '/' .. text(kept[2]) .. '/' .. text(kept[3])
      local reason = ': the holder was granted ' .. told .. ', the store knows ' .. has
      return {'lost', item.key .. reason}
    end
    if slice and not row then
      return {'lost', item.key .. ': the store has a slice of it, and not the account'}
    end
    if slice and slice.seq < said.seq and not within(slice.returned, sums(item.s, 7)) then
      return {'broken', 'what was returned only grows'}
    end
  end
end
if said.mode == 'check' then return {'ok'} end

if said.scopeSeq then
  local marked = tonumber(redis.call('HGET', terms, 'scope_seq') or '0')
  if said.scopeSeq > marked and not isDry then
    redis.call('HSET', terms, 'scope_seq', text(said.scopeSeq), 'closed', said.closed)
  end
end
local isClosed, raises = false, {}
local list = redis.call('HGETALL', terms)
for position = 1, #list, 2 do
  local field, value = list[position], list[position + 1]
  if field == 'closed' then isClosed = value == '1' end
  if string.sub(field, 1, 6) == 'raise:' then
    local raise = numbers(value)
    if raise[4] < 0 or raise[4] > at then raises[#raises + 1] = raise end
  end
end

local function ceilingOf(item)
  local ceiling = sums(item.s, 22)
  for axis = 1, 3 do
    if ceiling[axis] >= 0 and isClosed then ceiling[axis] = 0 end
    if ceiling[axis] >= 0 and not isClosed then
      for _, raise in ipairs(raises) do
        if raise[axis] >= 0 then ceiling[axis] = math.min(ceiling[axis] + raise[axis], MAX) end
      end
    end
  end
  return ceiling
end

-- Packed rows of all parts that lie in one window with the last part of the item.
local function windowOf(item)
  local window = {}
  if #item.parts == 0 then return window end
  local to = text(item.last + (item.last - item.first))
  local members = redis.call('ZRANGEBYSCORE', index, text(item.first), to)
  if #members > 0 then
    local packed = redis.call('HMGET', accounts, unpack(members))
    for position, member in ipairs(members) do
      if packed[position] then window[member] = readRow(packed[position]) end
    end
  end
  return window
end

local function roomOf(row, elsewhere, ceiling)
  local taken = plus(plus(row.spent, row.held), plus(elsewhere.spent, elsewhere.held))
  return minus(most(ceiling, NONE), taken)
end

local function isNearIn(room, ceiling)
  for axis = 1, 3 do
    local cap = ceiling[axis]
    if cap >= 0 and room[axis] < math.floor(cap / ${NEAR_PART}) then return true end
  end
  return false
end

local function report(row, slice, item)
  local spent, returned, inFlight = sums(item.s, 4), sums(item.s, 7), sums(item.s, 10)
  local before = heldBy(slice)
  row.spent = plus(minus(row.spent, slice.spent), spent)
  row.fixed = plus(minus(row.fixed, slice.spent), spent)
  row.inFlight = plus(minus(row.inFlight, slice.inFlight), inFlight)
  slice.granted = most(most(slice.granted, sums(item.s, 1)), plus(spent, returned))
  slice.returned, slice.spent, slice.inFlight = returned, spent, inFlight
  slice.seq, slice.isRefused = said.seq, 0
  slice.isRecalled = row.recall > slice.recall and 1 or 0
  slice.recall = row.recall
  row.held = plus(minus(row.held, before), heldBy(slice))
end

local function grant(row, slice, item, room, ceiling)
  local need, demand, want = sums(item.s, 13), sums(item.s, 16), sums(item.s, 19)
  local parts = ${SHARE_PARTS} * row.slices
  local share = {}
  for axis = 1, 3 do share[axis] = math.floor(room[axis] / parts) end
  local asked = isNearIn(room, ceiling) and demand
    or most(most(need, demand), least(want, share))
  local granted = least(room, asked)
  local taken = {}
  for axis = 1, 3 do
    local short = granted[axis] < demand[axis]
    taken[axis] = short and math.min(need[axis], granted[axis]) or demand[axis]
  end
  slice.granted = plus(slice.granted, granted)
  slice.inFlight = plus(slice.inFlight, taken)
  row.held = plus(row.held, granted)
  row.inFlight = plus(row.inFlight, taken)
end

local function idleElsewhere(row, slice)
  return minus(minus(row.held, heldBy(slice)), minus(row.inFlight, slice.inFlight))
end

local function refuse(row, slice)
  if not nothing(idleElsewhere(row, slice)) then row.recall = row.recall + 1 end
  slice.isRefused, slice.recall = 1, row.recall
end

-- Windows that nobody can draw on any more leave, some with each new account.
local function prune()
  local before = text(at - RETENTION_MS - MARGIN_MS)
  local dead = redis.call('ZRANGEBYSCORE', index, '-inf', before, 'LIMIT', 0, 100)
  if #dead > 0 then
    redis.call('HDEL', accounts, unpack(dead))
    redis.call('ZREM', index, unpack(dead))
  end
  if redis.call('HLEN', slices) % 64 ~= 0 then return end
  local all = redis.call('HGETALL', slices)
  for position = 1, #all, 2 do
    if all[position] ~= '#state' and gone(readSlice(all[position + 1]).leaves + MARGIN_MS, at) then
      redis.call('HDEL', slices, all[position])
    end
  end
end

local function write(item, row, slice)
  local key = item.key
  if not rows[key] then
    local had = redis.call('EXISTS', accounts) == 1
    redis.call('HSET', accounts, key, packRow(row))
    keep(accounts, had, row.leaves, at)
    if row.leaves >= 0 then
      local hadIndex = redis.call('EXISTS', index) == 1
      redis.call('ZADD', index, text(row.leaves), key)
      keep(index, hadIndex, row.leaves, at)
    end
    prune()
  else
    redis.call('HSET', accounts, key, packRow(row))
  end
  if not mine[key] then
    local had = redis.call('EXISTS', slices) == 1
    redis.call('HSET', slices, '#state', 'open', key, packSlice(slice))
    keep(slices, had, row.leaves, at)
  else
    redis.call('HSET', slices, key, packSlice(slice))
  end
end

local STATE_FORMAT = '%.0f' .. string.rep(' %.0f', 23)

local function tell(slice, isNear, idle, others, held, cap)
  local granted, returned, spent = slice.granted, slice.returned, slice.spent
  return string.format(STATE_FORMAT, granted[1], granted[2], granted[3],
    returned[1], returned[2], returned[3], spent[1], spent[2], spent[3],
    slice.isRefused, isNear and 1 or 0, slice.isRecalled, idle[1], idle[2], idle[3],
    others[1], others[2], others[3], held[1], held[2], held[3], cap[1], cap[2], cap[3])
end

local function tellParts(state, item, window)
  local out = {state}
  for position, name in ipairs(item.parts) do
    local part = window[name]
    local both = part and plus(part.spent, part.held) or NONE
    out[position + 1] = string.format('%.0f %.0f %.0f', both[1], both[2], both[3])
  end
  return table.concat(out, ' ')
end

-- A window that everybody may have forgotten: nothing is granted there, and nothing is kept.
local function forgotten(item)
  local spent, returned = sums(item.s, 4), sums(item.s, 7)
  local slice = {
    granted = most(sums(item.s, 1), plus(spent, returned)), returned = returned, spent = spent,
    isRefused = nothing(sums(item.s, 13)) and 0 or 1, isRecalled = 0,
  }
  return tellParts(tell(slice, true, NONE, NONE, NONE, ceilingOf(item)), item, {})
end

local function apply(item)
  local key = item.key
  local row = rows[key] or {
    spent = NONE, held = NONE, inFlight = NONE, slices = 0, recall = 0, fixed = NONE,
    leaves = item.last,
  }
  local slice = mine[key]
  if not slice then
    row.slices = row.slices + 1
    slice = {
      granted = NONE, returned = NONE, spent = NONE, inFlight = NONE, seq = 0,
      isRefused = 0, isRecalled = 0, recall = row.recall, leaves = item.last,
    }
  end
  local window = windowOf(item)
  local elsewhere = {spent = NONE, held = NONE}
  for other, part in pairs(window) do
    if other ~= key then
      elsewhere.spent = plus(elsewhere.spent, part.spent)
      elsewhere.held = plus(elsewhere.held, part.held)
    end
  end
  local ceiling = ceilingOf(item)
  -- A declaration is said with the number of the message that it takes the place of.
  local isNew = slice.seq < said.seq or (said.isDeclared and slice.seq == said.seq)
  if isNew and not isDry then
    local need = sums(item.s, 13)
    report(row, slice, item)
    if not nothing(need) then
      local room = roomOf(row, elsewhere, ceiling)
      if not gone(item.first, at) and within(need, room) then
        grant(row, slice, item, room, ceiling)
      else
        refuse(row, slice)
      end
    end
    write(item, row, slice)
    rows[key], mine[key] = row, slice
  end

  local isNear = isNearIn(roomOf(row, elsewhere, ceiling), ceiling)
  local others = plus(minus(row.spent, slice.spent), elsewhere.spent)
  local held = plus(minus(row.held, heldBy(slice)), elsewhere.held)
  local state = tell(slice, isNear, idleElsewhere(row, slice), others, held, ceiling)
  if not isDry then window[key] = row end
  return tellParts(state, item, window)
end

local reply = {'ok'}
for _, item in ipairs(said.items) do
  reply[#reply + 1] = gone(item.last, at) and forgotten(item) or apply(item)
end
return reply
`;
