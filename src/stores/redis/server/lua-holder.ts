/** A holder's own record, in one slot: registered, spoken to, closed. KEYS[1] is that record. */

/** Registers a holder; one that is known stays as it is. */
export const OPEN = `
if redis.call('EXISTS', KEYS[1]) == 1 then return {'known'} end
redis.call('HSET', KEYS[1], 'identity', said.identity, 'state', 'open', 'seq', '0',
  'seen', text(now()), 'declared', text(said.declared))
return {'ok'}
`;

/** Puts a holder last in the order of all. KEYS: the order. */
export const ENLIST = `
if redis.call('ZSCORE', KEYS[1], said.holder) then return {'ok'} end
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('ZADD', KEYS[1], text((tonumber(last[2]) or 0) + 1), said.holder)
return {'ok'}
`;

/**
 * Whether a message may be applied; with `keeps`, remembers that it came. KEYS: holder, families.
 *
 * `families` are what the message may open slices in: a close ends the slices in all of them.
 */
export const BEGIN = `
local record = redis.call('HMGET', KEYS[1], 'state', 'seq', 'declared')
if not record[1] then return {'none'} end
if record[1] ~= 'open' then return {'fenced'} end
local seq = tonumber(record[2])
local isDeclared = tonumber(record[3]) >= said.epoch
if said.declares == 'none' then
  if not isDeclared then return {'redeclare'} end
  if said.seq > seq + 1 then return {'gap', record[2]} end
end
local at = now()
if said.keeps then
  redis.call('HSET', KEYS[1], 'seq', text(math.max(seq, said.seq)), 'seen', text(at))
end
for _, family in ipairs(said.families) do
  local score = family[2] < 0 and '+inf' or text(family[2])
  redis.call('ZADD', KEYS[2], 'GT', score, family[1])
end
if #said.families > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(at - RETENTION_MS - 2 * MARGIN_MS))
end
return {'ok', record[2], isDeclared and '1' or '0'}
`;

/** The holder has declared all it holds. */
export const DECLARED = `
if redis.call('HGET', KEYS[1], 'state') ~= 'open' then return {'fenced'} end
redis.call('HSET', KEYS[1], 'declared', text(said.epoch))
return {'ok'}
`;

/**
 * From here on the holder is fenced, and its end is the order that came first. Whoever continues a
 * close that broke off is given that order. KEYS: holder, families.
 */
export const CLAIM = `
local record = redis.call('HMGET', KEYS[1], 'state', 'order')
if not record[1] then return {'none'} end
if record[1] == 'closed' then return {'closed'} end
if record[1] == 'open' then
  redis.call('HSET', KEYS[1], 'state', 'closing', 'order', said.order)
  record[2] = said.order
end
local reply = {'ok', record[2]}
for _, family in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do reply[#reply + 1] = family end
return reply
`;

/**
 * Ends the slices of a holder that are of one cap and scope value, and leaves a mark that refuses
 * messages still under way, and whoever would open a slice there again for an end that broke off. A
 * repeat says the same. KEYS: accounts, slices of the holder.
 */
export const END = `
local ended = redis.call('HGET', KEYS[2], '#ended')
if ended then return {'ok', ended} end
local freed, charged = NONE, NONE
local list = redis.call('HGETALL', KEYS[2])
for position = 1, #list, 2 do
  local key = list[position]
  if key ~= '#state' then
    local slice = readSlice(list[position + 1])
    local held = heldBy(slice)
    local spent = said.finals[key] or slice.spent
    if said.how == 'charged' then spent = minus(slice.granted, slice.returned) end
    local more = minus(spent, slice.spent)
    local packed = redis.call('HGET', KEYS[1], key)
    if packed then
      local row = readRow(packed)
      row.spent = plus(minus(row.spent, slice.spent), spent)
      row.fixed = minus(row.fixed, slice.spent)
      row.held = minus(row.held, held)
      row.inFlight = minus(row.inFlight, slice.inFlight)
      row.slices = row.slices - 1
      redis.call('HSET', KEYS[1], key, packRow(row))
    end
    freed = plus(freed, minus(held, more))
    charged = plus(charged, more)
  end
end
local out = string.format('%.0f %.0f %.0f %.0f %.0f %.0f',
  freed[1], freed[2], freed[3], charged[1], charged[2], charged[3])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], '#state', 'closed', '#ended', out)
redis.call('PEXPIRE', KEYS[2], '2592000000')
return {'ok', out}
`;

/**
 * The last step of a close; `ok` to one caller only, `open` when the claim was lost with the tail.
 * KEYS: holder, families.
 */
export const CLOSED = `
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'closing' then return {state or 'none'} end
redis.call('HSET', KEYS[1], 'state', 'closed')
redis.call('HDEL', KEYS[1], 'order')
redis.call('DEL', KEYS[2])
redis.call('PEXPIRE', KEYS[1], '2592000000')
return {'ok'}
`;
