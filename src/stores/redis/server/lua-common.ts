/**
 * What every script begins with: the fence, and time.
 *
 * A script is told the run id of the server that its caller believes in. Any other server (a
 * restarted one, a promoted replica) answers `restarted` and does nothing, in the same step in
 * which it would have written.
 */
export const FENCE = `#!lua
if not string.find(redis.call('INFO', 'server'), 'run_id:' .. ARGV[1], 1, true) then
  return {'restarted'}
end
local said = cjson.decode(ARGV[2])

-- How long a window is remembered after its end; the same for all, as the epoch's record says.
local RETENTION_MS = tonumber(ARGV[3])
local MARGIN_MS = 3600000

local function now()
  if said.now then return said.now end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function text(number) return string.format('%.0f', number) end

local function gone(leaves, at) return leaves >= 0 and leaves + RETENTION_MS <= at end

-- A key lives as long as the longest lived thing in it; existed is whether it was there before.
local function keep(key, existed, leaves, at)
  if leaves < 0 then
    redis.call('PERSIST', key)
  else
    local ms = text(math.max(1, leaves + RETENTION_MS + MARGIN_MS - at))
    if existed then redis.call('PEXPIRE', key, ms, 'GT') else redis.call('PEXPIRE', key, ms) end
  end
end
`;

/**
 * The arithmetic of `sums.ts` in Lua, whose numbers are the same doubles, and how rows are kept:
 * as whole numbers with a space between, written with `%.0f`, which is exact up to 2^53.
 */
export const ARITHMETIC = `
local MAX = 9007199254740991
local NONE = {0, 0, 0}

local function numbers(packed)
  local list, count = {}, 0
  for word in string.gmatch(packed, '%S+') do
    count = count + 1
    list[count] = tonumber(word)
  end
  return list
end

local function sums(list, from) return {list[from], list[from + 1], list[from + 2]} end

local min, max = math.min, math.max

local function plus(left, right)
  return {min(left[1] + right[1], MAX), min(left[2] + right[2], MAX), min(left[3] + right[3], MAX)}
end

local function minus(left, right)
  return {max(left[1] - right[1], 0), max(left[2] - right[2], 0), max(left[3] - right[3], 0)}
end

local function most(left, right)
  return {max(left[1], right[1]), max(left[2], right[2]), max(left[3], right[3])}
end

local function least(left, right)
  return {min(left[1], right[1]), min(left[2], right[2]), min(left[3], right[3])}
end

local function within(left, right)
  return left[1] <= right[1] and left[2] <= right[2] and left[3] <= right[3]
end

local function nothing(of) return of[1] == 0 and of[2] == 0 and of[3] == 0 end

local WORD = '(%-?%d+)'
local ROW_FORMAT = '%.0f' .. string.rep(' %.0f', 14)
local ROW_WORDS = WORD .. string.rep(' ' .. WORD, 14)
local SLICE_FORMAT = '%.0f' .. string.rep(' %.0f', 16)
local SLICE_WORDS = WORD .. string.rep(' ' .. WORD, 16)

local function three(a, b, c) return {tonumber(a), tonumber(b), tonumber(c)} end

-- spent, held, in flight, open slices, recalls, what open slices spent or is being corrected, end
local function readRow(packed)
  local a, b, c, d, e, f, g, h, i, slices, recall, j, k, l, leaves = string.match(packed, ROW_WORDS)
  return {
    spent = three(a, b, c), held = three(d, e, f), inFlight = three(g, h, i),
    slices = tonumber(slices), recall = tonumber(recall), fixed = three(j, k, l),
    leaves = tonumber(leaves),
  }
end

local function packRow(row)
  local s, h, f, x = row.spent, row.held, row.inFlight, row.fixed
  return string.format(ROW_FORMAT, s[1], s[2], s[3], h[1], h[2], h[3], f[1], f[2], f[3],
    row.slices, row.recall, x[1], x[2], x[3], row.leaves)
end

-- granted, returned, spent, in flight, message, refused, recalled, recalls told, end
local function readSlice(packed)
  local a, b, c, d, e, f, g, h, i, j, k, l, seq, isRefused, isRecalled, recall, leaves =
    string.match(packed, SLICE_WORDS)
  return {
    granted = three(a, b, c), returned = three(d, e, f), spent = three(g, h, i),
    inFlight = three(j, k, l), seq = tonumber(seq), isRefused = tonumber(isRefused),
    isRecalled = tonumber(isRecalled), recall = tonumber(recall), leaves = tonumber(leaves),
  }
end

local function packSlice(slice)
  local g, r, s, f = slice.granted, slice.returned, slice.spent, slice.inFlight
  return string.format(SLICE_FORMAT, g[1], g[2], g[3], r[1], r[2], r[3], s[1], s[2], s[3],
    f[1], f[2], f[3], slice.seq, slice.isRefused, slice.isRecalled, slice.recall, slice.leaves)
end

local function heldBy(slice)
  return minus(minus(slice.granted, slice.returned), slice.spent)
end
`;
