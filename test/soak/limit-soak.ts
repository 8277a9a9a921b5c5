/** Measures one limit over many workers, as the server sees it. */
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ArchiveReader } from '../../src/archive/archive-reader.ts';
import { TokenBucket } from '../../src/demo/token-bucket.ts';
import { startRedis } from '../cluster/redis-process.ts';
import { startPageServer } from '../servers/page-server.ts';
import { startProcess } from './cluster-soak.ts';

const PER_SECOND = 500;
/** Starts may be late by 18 ms, which is taken off the rate; the rest is the way to the server. */
const MOST_IN_A_SECOND = 511;
const LEAST_SHARE = 0.97;
const PAUSE_MS = 3_000;

export interface LimitSoak {
  readonly pages: number;
  readonly workers: number;
  readonly folder: string;
  readonly say: (text: string) => void;
}

export async function limitSoak({ pages, workers, folder, say }: LimitSoak): Promise<string[]> {
  const redis = await startRedis();
  const arrivals: number[] = [];
  let refusedAt = Number.POSITIVE_INFINITY;
  let refusedWall = Number.POSITIVE_INFINITY;
  const refused = Math.floor(pages * 0.7);
  const server = await startPageServer({
    protocol: 'http',
    bodyBytes: 300,
    delayMs: 20,
    respond: ({ n, attempt }) => {
      arrivals.push(performance.now());
      if (n !== refused || attempt > 1) return null;
      refusedAt = performance.now();
      refusedWall = Date.now();
      return { status: 429, headers: { 'retry-after': String(PAUSE_MS / 1000) } };
    },
  });
  const fleet = Array.from({ length: workers }, () =>
    startProcess(folder, ['worker', '--queue', redis.url, '--progress', 'none']),
  );
  await wait(3_000);
  const calls = await countCalls(redis.url);
  const coordinator = startProcess(folder, [
    server.template(pages),
    ...['--queue', redis.url, '--store', 'store', '-o', 'limit.ndjson', '--no-work'],
    ...['--rate', `${PER_SECOND}/s`, '-c', '200', '--progress', 'none'],
  ]);
  comeFirst(say);
  const code = await coordinator.ended;
  calls.end();
  for (const { child } of fleet) child.kill('SIGTERM');
  await Promise.all(fleet.map(({ ended }) => ended));
  await server.close();
  await redis.close();
  const failures: string[] = [];
  if (code !== 0) failures.push(`the coordinator ended with ${code}: ${coordinator.stderr()}`);

  const before = arrivals.filter((at) => at < refusedAt);
  const most = mostInASecond(arrivals);
  // Without the first second, in which workers find out how many starts they need.
  const steady = before.filter((at) => at > before[0]! + 1000);
  const spanMs = steady.at(-1)! - steady[0]!;
  const share = (steady.length - 1) / ((spanMs * PER_SECOND) / 1000);
  say(`most arrivals in any second: ${most}`);
  // A server that is busy itself takes several at once that were sent apart.
  const sent = sendTimes(join(folder, 'store', 'parts')).filter((at) => at < refusedWall);
  const mostSent = mostInASecond(sent);
  say(`most sent in any second, by the workers' clocks: ${mostSent}`);
  say(`${(share * 100).toFixed(1)} % of what is permitted, over ${(spanMs / 1000).toFixed(1)} s`);
  if (mostSent > MOST_IN_A_SECOND) failures.push(`${mostSent} sent in a second`);
  if (share < LEAST_SHARE) failures.push(`${(share * 100).toFixed(1)} % of what is permitted`);

  const inside = arrivals.filter((at) => at > refusedAt && at < refusedAt + PAUSE_MS);
  const lastMs = inside.length === 0 ? 0 : inside.at(-1)! - refusedAt;
  say(`within the 3 s of a 429: ${inside.length} requests, the last after ${lastMs.toFixed(0)} ms`);
  if (inside.length > 50 * workers) failures.push(`${inside.length} requests within a pause`);
  const kinds = [...calls.kinds].toSorted(([, a], [, b]) => b - a);
  const sum = kinds.reduce((all, [, count]) => all + count, 0);
  say(`${((sum / pages) * 10).toFixed(2)} calls of Redis for 10 pages (${sum} in all)`);
  for (const [kind, count] of kinds.slice(0, 12)) say(`  ${count} ${kind}`);
  return failures;
}

/**
 * The server of this process shares the cores with all workers, which began before: where it may, it comes first. Else
 * what it counts is its own delay.
 */
function comeFirst(say: LimitSoak['say']): void {
  try {
    setPriority(-15);
  } catch {
    say('without the right to come first, the server may take several requests at once');
  }
}

/** When each page of the store was sent, in order. */
function sendTimes(parts: string): readonly number[] {
  const times: number[] = [];
  for (const name of readdirSync(parts)) {
    const archive = ArchiveReader.openReadOnly(join(parts, name));
    for (const { page } of archive.keptRows()) times.push(page.startedAt);
    archive.close();
  }
  return times.toSorted((a, b) => a - b);
}

/** In any window of a second, wherever it begins. */
function mostInASecond(times: readonly number[]): number {
  let most = 0;
  let from = 0;
  for (const [index, time] of times.entries()) {
    while (time - times[from]! >= 1000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

const UNKNOWN_PER_SECOND = 200;
const UNKNOWN_BURST = 50;
const LEAST_FOUND = 0.93;
const MOST_REFUSED = 0.015;

/** A limit that shows in refusals alone. */
export async function unknownLimitSoak(soak: LimitSoak): Promise<string[]> {
  const { pages, workers, folder, say } = soak;
  const redis = await startRedis();
  const bucket = new TokenBucket(UNKNOWN_PER_SECOND, UNKNOWN_BURST);
  let [refused, firstAt, lastAt] = [0, 0, 0];
  const server = await startPageServer({
    protocol: 'http',
    bodyBytes: 300,
    delayMs: 20,
    respond: () => {
      lastAt = performance.now();
      if (firstAt === 0) firstAt = lastAt;
      if (bucket.take()) return null;
      refused += 1;
      return { status: 429 };
    },
  });
  const fleet = Array.from({ length: workers }, () =>
    startProcess(folder, ['worker', '--queue', redis.url, '--progress', 'none']),
  );
  await wait(3_000);
  const coordinator = startProcess(folder, [
    server.template(pages),
    ...['--queue', redis.url, '--store', 'store', '-o', 'limit.ndjson', '--no-work'],
    ...['--progress', 'none'],
  ]);
  comeFirst(say);
  const code = await coordinator.ended;
  for (const { child } of fleet) child.kill('SIGTERM');
  await Promise.all(fleet.map(({ ended }) => ended));
  await server.close();
  await redis.close();
  const share = (pages - UNKNOWN_BURST) / ((UNKNOWN_PER_SECOND * (lastAt - firstAt)) / 1000);
  const refusedShare = refused / (pages + refused);
  say(
    `${(share * 100).toFixed(1)} % of what is permitted, in ${((lastAt - firstAt) / 1000).toFixed(1)} s`,
  );
  say(`${(refusedShare * 100).toFixed(2)} % of the requests were refused`);
  const failures: string[] = [];
  if (code !== 0) failures.push(`the coordinator ended with ${code}: ${coordinator.stderr()}`);
  if (share < LEAST_FOUND) failures.push(`${(share * 100).toFixed(1)} % of what is permitted`);
  if (refusedShare >= MOST_REFUSED) failures.push(`${(refusedShare * 100).toFixed(2)} % refused`);
  return failures;
}

/** Pages a second of one process alone, and of two workers beside a coordinator. */
export async function throughputSoak(soak: LimitSoak & { delayMs: number }): Promise<string[]> {
  const { pages, workers, folder, say, delayMs } = soak;
  const server = await startPageServer({ protocol: 'http', bodyBytes: 5000, delayMs });
  const own = ['-c', '50', '--progress', 'none'];
  const seconds = async (words: readonly string[]): Promise<number> => {
    const from = performance.now();
    const { ended, stderr } = startProcess(folder, [server.template(pages), ...words, ...own]);
    if ((await ended) !== 0) throw new Error(stderr());
    return (performance.now() - from) / 1000;
  };
  const alone = await seconds(['-o', 'alone.ndjson']);
  const redis = await startRedis();
  const fleet = Array.from({ length: workers }, () =>
    startProcess(folder, ['worker', '--queue', redis.url, '--progress', 'none']),
  );
  await wait(3_000);
  const together = await seconds([
    ...['--queue', redis.url, '--store', 'store', '-o', 'together.ndjson', '--no-work'],
  ]);
  for (const { child } of fleet) child.kill('SIGTERM');
  await Promise.all(fleet.map(({ ended }) => ended));
  await server.close();
  await redis.close();
  say(
    `${pages} pages behind ${delayMs} ms: one process ${alone.toFixed(1)} s, ${workers} workers ${together.toFixed(1)} s`,
  );
  say(`${(alone / together).toFixed(2)} times as many pages a second as one process alone`);
  return [];
}

interface Calls {
  /** How often a command was sent, by its name and the last word of its first key. */
  readonly kinds: ReadonlyMap<string, number>;
  end(): void;
}

/** Counts what clients send. What scripts call is no call of its own. */
async function countCalls(url: string): Promise<Calls> {
  const connection = new Redis(url);
  const monitor = await connection.monitor();
  const kinds = new Map<string, number>();
  monitor.on('monitor', (_time: string, words: readonly string[], source: string) => {
    if (source === 'lua') return;
    const [command = ''] = words;
    const isScript = /^eval/i.test(command);
    const key = words[isScript ? 3 : 1] ?? '';
    const kind = `${command.toLowerCase()} ${/gate/.test(key) ? 'gate' : key.split(':').slice(2).join(':')}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  });
  return {
    kinds,
    end() {
      monitor.disconnect();
      connection.disconnect();
    },
  };
}
