/** Most reports that are kept while no worker leads. */
const MOST_REPORTS = 10_000;
/** By then all workers have heard of a refusal. */
const HEARD_MICROS = 30_000;

/**
 * A worker tells what came of its requests, and takes the starts that it was given. Whoever asks while nobody leads
 * leads from then on, for as long as it asks in time. The one that leads gets what all have told, and gives what it
 * handed out. A refusal makes all wait; requests that were sent before it belong to it.
 *
 * KEYS gate, reports, starts. ARGV who, report, term in which it leads, its state, how long it leads, channel, when the
 * refused request was sent or nothing, how long to wait, 1 where it leaves, 1 where all are to ask at once; then workers and
 * starts. Times are microseconds.
 * Answer: now, term, 1 where it leads, epoch, end of the pause, state, its starts, reports.
 */
export const ASK = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local who = ARGV[1]
local has = redis.call('HMGET', KEYS[1], 'leader', 'until', 'term', 'epoch', 'pause', 'closed', 'state')
local leader, term, epoch, pause = has[1], tonumber(has[3] or 0), tonumber(has[4] or 0), has[5] or '0'
local leaves = ARGV[9] == '1'
if (not leader or (leader ~= who and tonumber(has[2]) < now)) and not leaves then
  leader = who
  term = term + 1
  redis.call('HSET', KEYS[1], 'leader', who, 'term', term)
end
local leads = leader == who
if leads then
  redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + tonumber(ARGV[5])))
  if tonumber(ARGV[3]) == term and ARGV[4] ~= '' then
    has[7] = ARGV[4]
    redis.call('HSET', KEYS[1], 'state', ARGV[4])
    if ARGV[10] == '1' then redis.call('PUBLISH', ARGV[6], 'pause ' .. KEYS[1] .. ' ' .. epoch .. ' ' .. pause) end
    for at = 11, #ARGV, 2 do
      local before = redis.call('HGET', KEYS[3], ARGV[at])
      redis.call('HSET', KEYS[3], ARGV[at], (before and (before .. ' ') or '') .. ARGV[at + 1])
    end
  end
end
if ARGV[2] ~= '' then
  redis.call('RPUSH', KEYS[2], ARGV[2])
  redis.call('LTRIM', KEYS[2], -${MOST_REPORTS}, -1)
end
if ARGV[7] ~= '' then
  pause = string.format('%.0f', math.max(now + tonumber(ARGV[8]), tonumber(pause)))
  redis.call('HSET', KEYS[1], 'pause', pause)
  if tonumber(ARGV[7]) >= tonumber(has[6] or 0) then
    epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
    redis.call('HSET', KEYS[1], 'closed', string.format('%.0f', now + ${HEARD_MICROS}))
  end
  redis.call('PUBLISH', ARGV[6], 'pause ' .. KEYS[1] .. ' ' .. epoch .. ' ' .. pause)
end
local mine = redis.call('HGET', KEYS[3], who) or ''
if mine ~= '' then redis.call('HDEL', KEYS[3], who) end
local reports = {}
if leads and leaves then redis.call('HDEL', KEYS[1], 'leader')
elseif leads then
  reports = redis.call('LRANGE', KEYS[2], 0, -1)
  redis.call('DEL', KEYS[2])
end
local keep = math.max(86400000, math.ceil((tonumber(pause) - now) / 1000) + 60000)
redis.call('PEXPIRE', KEYS[1], keep)
redis.call('PEXPIRE', KEYS[2], keep)
redis.call('PEXPIRE', KEYS[3], keep)
return { string.format('%.0f', now), term, leads and 1 or 0, epoch, pause, has[7] or '', mine, reports }
`;
