/**
 * A worker is there. Where all workers together may have so many requests in flight, it gets its share of them: those
 * that have pages to fetch get equal shares. A share that another worker still uses is not given away before it has ended, or
 * before that worker has been silent for long.
 *
 * KEYS run, workers, shares. ARGV who, most in flight or nothing, how many it has in flight, 1 where it has pages to
 * fetch, milliseconds until a silent worker has no share, 0 where it only coordinates.
 * Answer: the run's state, or -1 where the queue does not know the run; the worker's share.
 */
export const BEAT = `
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return { -1, 0 } end
local time = redis.call('TIME')
local who = ARGV[1]
if ARGV[6] == '1' then redis.call('ZADD', KEYS[2], time[1], who) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', time[1] - 60)
if ARGV[2] == '' then return { state, 0 } end
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, flying, hungry = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local taken, sharers, before = 0, hungry and 1 or 0, 0
local all = redis.call('HGETALL', KEYS[3])
for at = 1, #all, 2 do
  local share, wants, ends = string.match(all[at + 1], '^(%d+) (%d) (%d+)$')
  if tonumber(ends) < now then redis.call('HDEL', KEYS[3], all[at])
  elseif all[at] ~= who then
    taken = taken + tonumber(share)
    if wants == '1' then
      sharers = sharers + 1
      if all[at] < who then before = before + 1 end
    end
  end
end
local share = 0
if hungry then
  share = math.floor(most / sharers)
  if before < most % sharers then share = share + 1 end
  share = math.max(0, math.min(share, most - taken))
end
redis.call('HSET', KEYS[3], who,
  string.format('%.0f %s %.0f', math.max(share, flying), ARGV[4], now + tonumber(ARGV[5])))
redis.call('PEXPIRE', KEYS[3], 86400000)
return { state, share }
`;
