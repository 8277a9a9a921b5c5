/** What has to happen at once in Redis, in Lua, and what each script answers. */
import type { Redis } from 'ioredis';

/** What workers tell is dropped where nobody leads for long. */
const MOST_REPORTS = 10_000;
/** By then all workers have heard of a refusal. */
const HEARD_MICROS = 30_000;

/** Adds spans `from-to` (the end is not among them) of ARGV[at] to a bitmap; gives the positions that were set. */
const SPANS = `
local function spans(text, each)
  for from, to in string.gmatch(text, '(%d+)-(%d+)') do
    for page = tonumber(from), tonumber(to) - 1 do each(page) end
  end
end
`;

/**
 * Counts the pages of a part that is in the store. A worker that asks again after a lost answer gets the same
 * one. Pages that are done already do not count in this part: they are named. A failed page may be done later.
 *
 * KEYS run, done, failed, parts. ARGV worker, part, stored spans, failed spans.
 * Answer: -1 where the queue does not know the run, or has ended it; else the positions that do not count, with commas.
 */
const COMMIT = `${SPANS}
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'active' and state ~= 'paused' then return -1 end
local last = redis.call('HGET', KEYS[1], 'last:' .. ARGV[1])
if last then
  local part, except = string.match(last, '^(%S+) ?(.*)$')
  if part == ARGV[2] then return except end
end
local except = {}
local counted = 0
spans(ARGV[3], function(page)
  if redis.call('SETBIT', KEYS[2], page, 1) == 1 then
    except[#except + 1] = page
  else
    if redis.call('GETBIT', KEYS[3], page) == 1 then redis.call('SETBIT', KEYS[3], page, 0) end
    counted = counted + 1
  end
end)
spans(ARGV[4], function(page)
  if redis.call('GETBIT', KEYS[2], page) == 1 or redis.call('SETBIT', KEYS[3], page, 1) == 1 then
    except[#except + 1] = page
  else
    counted = counted + 1
  end
end)
local text = table.concat(except, ',')
local entry = ARGV[2]
if text ~= '' then entry = entry .. ' ' .. text end
if counted > 0 then redis.call('RPUSH', KEYS[4], entry) end
redis.call('HSET', KEYS[1], 'last:' .. ARGV[1], entry)
return text
`;

/**
 * Counts a part of a list that pages by itself. Whoever lost the list to another worker is refused: its pages
 * and those of the other one are two readings.
 *
 * KEYS run, parts. ARGV epoch, part, pages. Answer: -1 where it does not count, else 0.
 */
const COMMIT_LIST = `
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'active' and state ~= 'paused' then return -1 end
if (redis.call('HGET', KEYS[1], 'epoch') or '0') ~= ARGV[1] then return -1 end
if redis.call('HGET', KEYS[1], 'lastPart') == ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'lastPart', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'stored', ARGV[3])
redis.call('RPUSH', KEYS[2], ARGV[2])
return 0
`;

/**
 * A list that pages by itself has ended. KEYS run. ARGV epoch, how it ended, channel. Answer: as above.
 */
const END_LIST = `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return -1 end
redis.call('HSET', KEYS[1], 'end', ARGV[2], 'state', 'finished')
redis.call('PUBLISH', ARGV[3], 'state ' .. KEYS[1])
return 0
`;

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
const ASK = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local who = ARGV[1]
local has = redis.call('HMGET', KEYS[1], 'leader', 'until', 'term', 'epoch', 'pause', 'closed', 'state')
local leader, term, epoch, pause = has[1], tonumber(has[3] or 0), tonumber(has[4] or 0), has[5] or '0'
local leaves = ARGV[9] == '1'
if (not leader or tonumber(has[2]) < now) and not leaves then
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

/** Takes or renews a lease. KEYS lease. ARGV who, milliseconds. Answer: who has it. */
const LEASE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`;

/** Gives a lease back. KEYS lease. ARGV who. */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`;

/**
 * A worker is there. KEYS run, workers. ARGV who, what it is.
 * Answer: the run's state, or -1 where the queue does not know the run.
 */
const BEAT = `
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[2], time[1], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', time[1] - 60)
return redis.call('HGET', KEYS[1], 'state')
`;

/**
 * A change of state, from one of the states in ARGV[2].
 * KEYS run. ARGV new state, states with commas, channel. Answer: the state then, or -1.
 */
const CHANGE = `
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return -1 end
if string.find(',' .. ARGV[2] .. ',', ',' .. state .. ',', 1, true) then
  redis.call('HSET', KEYS[1], 'state', ARGV[1])
  redis.call('PUBLISH', ARGV[3], 'state ' .. KEYS[1])
  return ARGV[1]
end
return state
`;

/**
 * The run is finished, if every page is done or failed.
 * KEYS run, done, failed. ARGV channel. Answer: 1 where it is.
 */
const FINISH = `
local total = tonumber(redis.call('HGET', KEYS[1], 'total') or -1)
if redis.call('BITCOUNT', KEYS[2]) + redis.call('BITCOUNT', KEYS[3]) ~= total then return 0 end
if redis.call('HGET', KEYS[1], 'state') ~= 'active' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'finished')
redis.call('PUBLISH', ARGV[1], 'state ' .. KEYS[1])
return 1
`;

/**
 * How far the run is, and some of its parts. KEYS run, done, failed, parts. ARGV first part, last part.
 * Answer: state, total, seeded, stored, pages done, pages failed, parts, which parts; nothing where the queue does not
 * know the run.
 */
const PROGRESS = `
local fields = redis.call('HMGET', KEYS[1], 'state', 'total', 'seeded', 'stored')
if not fields[1] then return {} end
local counts = { redis.call('BITCOUNT', KEYS[2]), redis.call('BITCOUNT', KEYS[3]), redis.call('LLEN', KEYS[4]) }
return { fields[1], fields[2], fields[3], fields[4] or '', counts[1], counts[2], counts[3],
  redis.call('LRANGE', KEYS[4], ARGV[1], ARGV[2]) }
`;

/** Bytes of both bitmaps. KEYS done, failed. ARGV first byte, last byte. */
const ENDED = `
return { redis.call('GETRANGE', KEYS[1], ARGV[1], ARGV[2]), redis.call('GETRANGE', KEYS[2], ARGV[1], ARGV[2]) }
`;

/**
 * Failed pages are to be tried again. KEYS run, failed. Answer: how many.
 */
const FORGIVE = `
local count = redis.call('BITCOUNT', KEYS[2])
if count == 0 then return 0 end
redis.call('DEL', KEYS[2])
if redis.call('HGET', KEYS[1], 'state') == 'finished' then
  redis.call('HSET', KEYS[1], 'state', 'active')
end
return count
`;

const texts = {
  commit: COMMIT,
  commitList: COMMIT_LIST,
  endList: END_LIST,
  ask: ASK,
  lease: LEASE,
  release: RELEASE,
  beat: BEAT,
  change: CHANGE,
  finish: FINISH,
  progress: PROGRESS,
  ended: ENDED,
  forgive: FORGIVE,
};

type ScriptName = keyof typeof texts;

/**
 * Runs a script by its digest; the text goes along only where Redis does not have it yet.
 *
 * @returns what Redis answers: strings, whole numbers and lists of them
 */
export async function runScript(
  redis: Redis,
  name: ScriptName,
  keys: readonly string[],
  values: readonly (string | number)[],
): Promise<unknown> {
  return commandOf(redis, name, '')(keys.length, ...keys, ...values);
}

/** The same for a script that answers with bytes: strings come as buffers. */
export async function runBufferScript(
  redis: Redis,
  name: ScriptName,
  keys: readonly string[],
  values: readonly (string | number)[],
): Promise<unknown> {
  return commandOf(redis, name, 'Buffer')(keys.length, ...keys, ...values);
}

type Command = (...words: unknown[]) => Promise<unknown>;

function commandOf(redis: Redis, name: ScriptName, kind: '' | 'Buffer'): Command {
  const command = `everypage_${name}`;
  const own = redis as unknown as Record<string, Command>;
  if (own[command] === undefined) redis.defineCommand(command, { lua: texts[name] });
  return (...words) => own[`${command}${kind}`]!(...words);
}

/** Positions as spans: `0-50,60-61`. */
export function spansOf(positions: readonly number[]): string {
  const spans: string[] = [];
  let from = -1;
  let to = -1;
  for (const position of positions.toSorted((a, b) => a - b)) {
    if (position === to) {
      to += 1;
      continue;
    }
    if (to > from) spans.push(`${from}-${to}`);
    from = position;
    to = position + 1;
  }
  if (to > from) spans.push(`${from}-${to}`);
  return spans.join(',');
}
