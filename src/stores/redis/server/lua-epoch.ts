/** The record by which the loss of state is noticed. KEYS[1] of each script is that record. */

const TELL = `
local function told()
  local of = redis.call('HMGET', KEYS[1], 'id', 'epoch', 'complete', 'run', 'lost', 'retention')
  if not of[1] then return {'none'} end
  return {'ok', of[1], of[2], of[3], of[4], of[5] or '', of[6]}
end
`;

/** The record as it stands. */
export const PROBE = `${TELL}
return told()
`;

/** Begins the record, once. */
export const CREATE = `${TELL}
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'id', said.id, 'epoch', '1', 'complete', '1', 'run', ARGV[1],
    'retention', text(said.retention), 'advanced', text(now()))
end
return told()
`;

/**
 * The server is not the one that the record, or the caller, last knew: its holders are to declare
 * what they hold. Once, however many notice it: whoever comes later finds another epoch.
 */
export const ADVANCE = `${TELL}
local of = redis.call('HMGET', KEYS[1], 'id', 'epoch')
if of[1] == said.id and of[2] == text(said.seen) then
  redis.call('HSET', KEYS[1], 'run', ARGV[1], 'epoch', text(math.max(said.seen, said.least) + 1),
    'advanced', text(now()))
end
return told()
`;

/** Every holder has declared, and those that nobody knows of had their time. */
export const COMPLETE = `${TELL}
local of = redis.call('HMGET', KEYS[1], 'epoch', 'advanced')
if of[1] == text(said.epoch) and now() >= tonumber(of[2]) + said.waitMs then
  redis.call('HSET', KEYS[1], 'complete', of[1])
end
return told()
`;

/** Tells everybody who comes later that the record was there once. */
export const LOSE = `${TELL}
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'id', said.id, 'epoch', text(said.epoch), 'complete', '0',
    'run', ARGV[1], 'retention', ARGV[3], 'advanced', text(now()), 'lost', said.reason)
end
return told()
`;

/** An operator has accepted the loss. What is there stays, and open holders declare. */
export const REINITIALISE = `${TELL}
local of = redis.call('HMGET', KEYS[1], 'epoch', 'lost')
if of[1] and not of[2] then return told() end
local epoch = math.max(tonumber(of[1] or '0'), said.epoch) + 1
redis.call('HDEL', KEYS[1], 'lost')
redis.call('HSET', KEYS[1], 'id', said.id, 'epoch', text(epoch), 'complete', '0', 'run', ARGV[1],
  'retention', ARGV[3], 'advanced', text(now()))
return told()
`;
