/** What has to happen at once in Redis, in Lua, and what each script answers. */
import type { Redis } from 'ioredis';
import { BEAT } from './beat-script.ts';
import { ASK } from './gate-script.ts';

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
 * Of a list that pages by itself, pages have numbers in the order in which they were handed out, and those of chains
 * have none: whoever has their chain's lock no more is refused, since its pages and those of the next worker are two
 * readings. Of pages with a number that come twice the first part counts for whoever takes parts over in their order.
 *
 * KEYS run, done, failed, parts, locks. ARGV worker, part, stored spans, failed spans, epoch ('' for a list of known
 * pages), pages without a number, tokens of the locks.
 * Answer: -1 where the queue does not know the run, or has ended it; -2 where a lock was lost; -3 where the run has
 * begun again; else the positions that do not count, with commas.
 */
const COMMIT = `${SPANS}
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'active' and state ~= 'paused' then return -1 end
local planned = ARGV[5] ~= ''
if planned and redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[5] then return -3 end
local last = redis.call('HGET', KEYS[1], 'last:' .. ARGV[1])
if last then
  local part, except = string.match(last, '^(%S+) ?(.*)$')
  if part == ARGV[2] then return except end
end
for at = 5, #KEYS do
  if redis.call('GET', KEYS[at]) ~= ARGV[at + 2] then return -2 end
end
local except = {}
local counted = tonumber(ARGV[6])
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
if not planned and text ~= '' then entry = entry .. ' ' .. text end
if counted > 0 then redis.call('RPUSH', KEYS[4], entry) end
if planned then redis.call('HINCRBY', KEYS[1], 'stored', counted) end
redis.call('HSET', KEYS[1], 'last:' .. ARGV[1], entry)
return text
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
