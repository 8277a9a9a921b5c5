/** Runs of many processes on one queue, with faults, whose output is compared with that of one machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ArchiveReader } from '../../src/archive/archive-reader.ts';
import { openHome } from '../../src/cluster/open-home.ts';
import { PartStore } from '../../src/cluster/store.ts';
import type { StoreHome } from '../../src/cluster/store-home.ts';
import { createTransport } from '../../src/http/create-transport.ts';
import { startRedis } from '../cluster/redis-process.ts';
import { ENTRY } from '../run/run-cli.ts';
import { startCutProxy } from '../servers/cut-proxy.ts';
import { pageLine } from '../servers/page-body.ts';
import { startPageServer } from '../servers/page-server.ts';
import { type S3Fault, startS3Server } from '../servers/s3-server.ts';

const BODY_BYTES = 300;
const RESTART_MS = 1_000;
const STOPPED_MS = 30_000;
const CUT_MS = 20_000;

export interface ClusterSoak {
  readonly pages: number;
  readonly workers: number;
  /** How many workers are killed. */
  readonly kills: number;
  readonly random: () => number;
  readonly folder: string;
  readonly say: (text: string) => void;
  /** The store is a bucket, and no folder. */
  readonly isInBucket: boolean;
}

export interface SoakResult {
  readonly requests: number;
  readonly seconds: number;
  readonly redisBytesPerPage: number;
  readonly failures: readonly string[];
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stderr(): string;
}

export function startProcess(
  folder: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Started {
  const env = { ...process.env, XDG_STATE_HOME: join(folder, 'state'), NO_COLOR: '1', ...more };
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes) => {
    said += bytes;
  });
  return {
    child,
    ended: once(child, 'exit').then(([code]) => code as number | null),
    stderr: () => said,
  };
}

/** Something that is done once the server has been asked for so many pages. */
interface Moment {
  readonly at: number;
  readonly what: string;
  readonly fault: () => Promise<void> | void;
}

export async function clusterSoak(soak: ClusterSoak): Promise<SoakResult> {
  const { pages, workers, kills, random, folder, say, isInBucket } = soak;
  const redis = await startRedis();
  const proxy = await startCutProxy(redis.port);
  const server = await startPageServer({ protocol: 'http', bodyBytes: BODY_BYTES });
  const s3 = isInBucket ? await startS3Server({ respond: () => faultOf(random()) }) : null;
  const store = s3 === null ? 'store' : 's3://pages/soak';
  const env = s3?.env ?? {};
  const asked = new Redis(redis.url, { maxRetriesPerRequest: null });
  asked.on('error', () => {});
  const bytesIn = (memory: string): number => Number(/used_memory:(\d+)/.exec(memory)?.[1] ?? 0);
  const bytesBefore = bytesIn(await asked.info('memory'));
  const startedAt = performance.now();
  let isOver = false;
  const urlOf = (index: number): string =>
    index === 0 ? `redis://127.0.0.1:${proxy.port}/0` : redis.url;
  const startWorker = (index: number): Started =>
    startProcess(folder, ['worker', '--queue', urlOf(index), '--progress', 'none'], env);
  const fleet = Array.from({ length: workers }, (_, index) => startWorker(index));
  const command = [
    server.template(pages),
    ...['--queue', redis.url, '--store', store, '-o', 'cluster.ndjson'],
    ...['--no-work', '--progress', 'none'],
  ];
  let coordinator = startProcess(folder, command, env);

  const killWorker = async (): Promise<void> => {
    const index = Math.floor(random() * workers);
    fleet[index]!.child.kill('SIGKILL');
    await wait(RESTART_MS * random());
    if (!isOver) fleet[index] = startWorker(index);
  };
  const killCoordinator = (): void => {
    coordinator.child.kill('SIGKILL');
    coordinator = startProcess(folder, command, env);
  };
  const stopWorker = async (): Promise<void> => {
    const { child } = fleet[workers - 1]!;
    child.kill('SIGSTOP');
    await wait(STOPPED_MS);
    child.kill('SIGCONT');
  };
  const restartRedis = async (): Promise<void> => {
    await redis.kill();
    await wait(RESTART_MS);
    await redis.start();
  };
  const cutWorker = async (): Promise<void> => {
    proxy.cut();
    await wait(CUT_MS);
    proxy.mend();
  };
  const within = (from: number, to: number): number => pages * (from + (to - from) * random());
  const moments: Moment[] = [
    ...Array.from({ length: kills }, () => ({
      at: within(0.02, 0.98),
      what: 'a worker is killed',
      fault: killWorker,
    })),
    { at: within(0.1, 0.3), what: 'a worker is stopped for 30 s', fault: stopWorker },
    { at: within(0.2, 0.8), what: 'the queue is killed', fault: restartRedis },
    { at: within(0.3, 0.5), what: 'a worker is cut off for 20 s', fault: cutWorker },
    { at: within(0.1, 0.5), what: 'the coordinator is killed', fault: killCoordinator },
    { at: within(0.5, 0.9), what: 'the coordinator is killed', fault: killCoordinator },
  ].toSorted((a, b) => a.at - b.at);

  const faults: Promise<void>[] = [];
  let redisBytes = 0;
  const failures: string[] = [];
  let code: number | null = null;
  let toldAt = 0;
  for (;;) {
    const watched = coordinator;
    const ended = await Promise.race([watched.ended, wait(100, 'on' as const)]);
    // What starts while the queue is down ends, and is started again, as by a supervisor.
    const isDown = /cannot be reached/.test(watched.stderr());
    if (ended !== 'on' && isDown) {
      await wait(RESTART_MS);
      coordinator = startProcess(folder, command, env);
    } else if (ended !== 'on' && watched === coordinator) {
      code = ended;
      break;
    }
    for (const [index, { child }] of fleet.entries()) {
      if (child.exitCode !== null) fleet[index] = startWorker(index);
    }
    const done = server.counts().requests.size;
    while (moments.length > 0 && moments[0]!.at <= done) {
      const { what, fault } = moments.shift()!;
      say(`${done} pages: ${what}`);
      faults.push(Promise.resolve(fault()));
    }
    if (done - toldAt >= pages / 10) {
      toldAt = done;
      say(`${done} pages`);
    }
    if (asked.status === 'ready') {
      const memory = await Promise.race([asked.info('memory'), wait(500, '')]);
      redisBytes = Math.max(redisBytes, bytesIn(memory) - bytesBefore);
    }
  }
  isOver = true;
  const seconds = (performance.now() - startedAt) / 1000;
  if (code !== 0) failures.push(`the coordinator ended with ${code}: ${coordinator.stderr()}`);
  if (moments.length > 0) failures.push(`${moments.length} faults did not come to pass`);
  for (const { child } of fleet) child.kill('SIGKILL');
  await Promise.all(faults);
  for (const { child } of fleet) child.kill('SIGKILL');
  const counts = server.counts();
  if (counts.requests.size !== pages) failures.push(`${counts.requests.size} pages were requested`);
  if (code === 0) {
    failures.push(...(await wrongOutput(join(folder, 'cluster.ndjson'), pages)));
    const home = await openHome(s3 === null ? join(folder, store) : store, {
      env,
      makeTransport: createTransport,
    });
    failures.push(...(await countedTwice(home, pages)));
    await home.close();
    const verified = startProcess(folder, [
      'verify',
      'cluster.ndjson.everypage',
      '--strict=proven',
    ]);
    const verdict = await verified.ended;
    if (verdict !== 0) failures.push(`verify ended with ${verdict}: ${verified.stderr()}`);
  }
  asked.disconnect();
  proxy.close();
  await server.close();
  await redis.close();
  await s3?.close();
  return {
    requests: counts.total,
    seconds,
    redisBytesPerPage: redisBytes / pages,
    failures,
  };
}

/** Of a bucket, for about one request in ten. */
function faultOf(chance: number): S3Fault | null {
  if (chance < 0.04) return { status: 503, code: 'SlowDown' };
  if (chance < 0.06) return { status: 500, code: 'InternalError' };
  if (chance < 0.08) return 'reset';
  return chance < 0.1 ? 'damage' : null;
}

/** The output of one machine is known: a line for each page. */
async function wrongOutput(path: string, pages: number): Promise<readonly string[]> {
  const expected = createHash('sha256');
  for (let n = 1; n <= pages; n += 1) expected.update(`${pageLine(n, BODY_BYTES)}\n`);
  const found = createHash('sha256');
  for await (const bytes of createReadStream(path)) found.update(bytes);
  const isRight = found.digest('hex') === expected.digest('hex');
  return isRight ? [] : ['the output is not that of one machine'];
}

/** Each page counts in one part. */
async function countedTwice(home: StoreHome, pages: number): Promise<readonly string[]> {
  const { store } = await PartStore.read(home);
  const { parts } = await store.readManifest();
  const counted = new Uint8Array(pages);
  for await (const part of store.open(parts)) {
    const left = new Set(part.except);
    for (const position of positionsIn((await part.path())!)) {
      if (!left.has(position)) counted[position]! += 1;
    }
  }
  const missing = counted.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);
  const twice = counted.reduce((sum, count) => sum + (count > 1 ? 1 : 0), 0);
  return missing + twice === 0 ? [] : [`of the store ${missing} pages are missing, ${twice} twice`];
}

function positionsIn(path: string): readonly number[] {
  const archive = ArchiveReader.openReadOnly(path);
  try {
    return archive.states().map(({ place }) => place.position);
  } finally {
    archive.close();
  }
}
