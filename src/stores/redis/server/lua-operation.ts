/** Orders of operators. Each step is repeatable: a broken off order is finished by its repeat. */

const MARK = `
local function mark()
  local marked = tonumber(redis.call('HGET', KEYS[1], 'scope_seq') or '0')
  if said.scopeSeq > marked then
    redis.call('HSET', KEYS[1], 'scope_seq', text(said.scopeSeq), 'closed', said.closed)
  end
end
`;

/** Keeps which family an account is of, as long as the account. KEYS: that entry. */
export const PLACE = `
local existed = redis.call('SET', KEYS[1], said.family, 'KEEPTTL', 'GET')
keep(KEYS[1], existed, said.leaves, now())
return {'ok'}
`;

/**
 * Registers a cap of a scope value for as long as its accounts live; says how often the value was
 * closed or opened, and how it is. KEYS: scope, caps.
 */
export const ENROL = `
local existed = redis.call('EXISTS', KEYS[2]) == 1
redis.call('SADD', KEYS[2], said.capId)
keep(KEYS[2], existed, said.leaves, now())
local of = redis.call('HMGET', KEYS[1], 'seq', 'closed')
return {'ok', of[1] or '0', of[2] or '0'}
`;

/** Closes or opens a scope value, once for each id; says its caps. KEYS: scope, caps. */
export const SET_SCOPE = `
if redis.call('HSETNX', KEYS[1], 'order:' .. said.id, '1') == 1 then
  redis.call('HINCRBY', KEYS[1], 'seq', '1')
  redis.call('HSET', KEYS[1], 'closed', said.closed)
end
local of = redis.call('HMGET', KEYS[1], 'seq', 'closed')
local reply = {'ok', of[1], of[2]}
for _, cap in ipairs(redis.call('SMEMBERS', KEYS[2])) do reply[#reply + 1] = cap end
return reply
`;

/** Takes over from the scope value whether one cap of it is closed. KEYS: terms. */
export const MARK_SCOPE = `${MARK}
mark()
return {'ok'}
`;

/** Lifts a ceiling. KEYS: terms. */
export const RAISE = `
redis.call('HSET', KEYS[1], 'raise:' .. said.id, said.raise)
return {'ok'}
`;

/**
 * A correction in two steps, since it may be of several caps. \`pin\`: what is to be subtracted may
 * no longer be taken by another correction; \`commit\`: done; \`abandon\`: as if never pinned.
 * KEYS: accounts, mark of this correction.
 */
export const ADJUST = `
local mark = redis.call('GET', KEYS[2])
local LIVES_MS = '2592000000'
if said.step == 'pin' then
  if mark then return {'ok'} end
  local rows = {}
  for position, key in ipairs(said.keys) do
    local packed = redis.call('HGET', KEYS[1], key)
    if not packed then return {'unknown-account', key} end
    rows[position] = readRow(packed)
    if not within(said.subtract, minus(rows[position].spent, rows[position].fixed)) then
      return {'below-zero', key}
    end
  end
  for position, key in ipairs(said.keys) do
    rows[position].fixed = plus(rows[position].fixed, said.subtract)
    redis.call('HSET', KEYS[1], key, packRow(rows[position]))
  end
  redis.call('SET', KEYS[2], 'pinned', 'PX', LIVES_MS)
  return {'ok'}
end
if mark == 'done' then return {'ok'} end
if not mark then return {said.step == 'abandon' and 'ok' or 'missing'} end
for _, key in ipairs(said.keys) do
  local packed = redis.call('HGET', KEYS[1], key)
  if packed then
    local row = readRow(packed)
    row.fixed = minus(row.fixed, said.subtract)
    if said.step == 'commit' then row.spent = plus(minus(row.spent, said.subtract), said.add) end
    redis.call('HSET', KEYS[1], key, packRow(row))
  end
end
if said.step == 'commit' then
  redis.call('SET', KEYS[2], 'done', 'PX', LIVES_MS)
else
  redis.call('DEL', KEYS[2])
end
return {'ok'}
`;

/** What is meant to be done, before it is done. KEYS: orders, doubts, claims. */
export const INTEND = `
local field = 'o:' .. said.id
local before = redis.call('HGET', KEYS[1], field)
if before then
  if string.sub(before, 3) ~= said.text then return {'conflict'} end
  return {string.sub(before, 1, 1) == 'd' and 'done' or 'ok'}
end
if said.resolves then
  if redis.call('HEXISTS', KEYS[2], said.resolves) == 0 then return {'unknown-doubt'} end
  local claim = redis.call('HGET', KEYS[3], said.resolves)
  if claim and claim ~= said.id then return {'unknown-doubt'} end
  redis.call('HSET', KEYS[3], said.resolves, said.id)
end
redis.call('HSET', KEYS[1], field, 'b ' .. said.text)
return {'ok'}
`;

/** It was refused after all. KEYS: orders, claims. */
export const FORGET = `
local before = redis.call('HGET', KEYS[1], 'o:' .. said.id)
if before and string.sub(before, 1, 1) == 'b' then
  redis.call('HDEL', KEYS[1], 'o:' .. said.id)
  if said.resolves then redis.call('HDEL', KEYS[2], said.resolves) end
end
return {'ok'}
`;

/**
 * Appends a record to the journal if it follows the last one, once for each \`field\`, and with it
 * ends or begins the doubts that it is about. KEYS: entries, head, orders, doubts, claims.
 */
export const RECORD = `
local before = redis.call('HGET', KEYS[3], said.field)
if before and string.sub(before, 1, 1) == 'd' then return {'done'} end
local head = redis.call('HMGET', KEYS[2], 'seq', 'hash')
if (head[2] or '') ~= said.previous then return {'moved', head[1], head[2]} end
redis.call('RPUSH', KEYS[1], said.entry)
redis.call('HSET', KEYS[2], 'seq', said.seq, 'hash', said.hash)
redis.call('HSET', KEYS[3], said.field, 'd ' .. said.text)
if said.resolves then
  redis.call('HDEL', KEYS[4], said.resolves)
  redis.call('HDEL', KEYS[5], said.resolves)
end
for _, doubt in ipairs(said.doubts) do
  local known = redis.call('HGET', KEYS[4], doubt[1])
  local place = known and string.match(known, '^%d+')
    or text(redis.call('HINCRBY', KEYS[2], 'doubts', '1'))
  redis.call('HSET', KEYS[4], doubt[1], place .. ' ' .. doubt[2])
end
return {'ok'}
`;
