/** A queue, a server of pages and processes of everypage that share a run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { type CliProcess, type CliResult, startCli, temporaryFolder } from '../run/run-cli.ts';
import { pageLine } from '../servers/page-body.ts';
import {
  type PageServer,
  type PageServerOptions,
  startPageServer,
} from '../servers/page-server.ts';
import { type RedisProcess, startRedis } from './redis-process.ts';

export const BODY_BYTES = 300;

export interface Cluster {
  readonly folder: string;
  readonly store: string;
  readonly redis: RedisProcess;
  readonly server: PageServer;
  /** A connection of the test's own. */
  readonly asked: Redis;
  /** The command that coordinates, with `more` flags. */
  coordinate(pages: number, more?: readonly string[], env?: NodeJS.ProcessEnv): CliProcess;
  worker(more?: readonly string[], env?: NodeJS.ProcessEnv): CliProcess;
  dashboard(): CliProcess;
  /** `everypage status` and its like, to its end. */
  ask(words: readonly string[]): Promise<CliResult>;
  /** Resolves once the server has been asked for so many pages. */
  untilRequested(pages: number): Promise<void>;
  /** What the output must hold. */
  expected(pages: number): string;
  output(): string;
}

/** Clusters of a file share a Redis, and have a database each: it holds 16. */
let shared: Promise<RedisProcess> | null = null;
let databases = 0;

after(async () => (await shared)?.close());

async function databaseOfShared(): Promise<RedisProcess> {
  shared ??= startRedis();
  const redis = await shared;
  const url = redis.url.replace(/0$/, String(databases));
  databases += 1;
  return { ...redis, url, close: async () => {} };
}

export interface ClusterOptions extends PageServerOptions {
  /** A Redis of its own, with so much more configuration: for whoever kills it or configures it. */
  readonly ownRedis?: readonly string[];
  /** Leases and locks of so little: for a test that kills who has them. Default: 1. */
  readonly leaseShare?: number;
  /** Where parts go; default: a folder of the test. */
  readonly store?: string;
  /** Of all its processes. */
  readonly env?: NodeJS.ProcessEnv;
}

export async function startCluster(
  t: TestContext,
  { ownRedis, leaseShare = 1, store: ownStore, env: ownEnv = {}, ...options }: ClusterOptions = {},
): Promise<Cluster> {
  const folder = temporaryFolder(t);
  const store = ownStore ?? join(folder, 'store');
  const redis = ownRedis === undefined ? await databaseOfShared() : await startRedis(ownRedis);
  let requested: (() => void) | null = null;
  const { respond } = options;
  const server = await startPageServer({
    protocol: 'http',
    bodyBytes: BODY_BYTES,
    ...options,
    respond(request) {
      requested?.();
      return respond?.(request) ?? null;
    },
  });
  const asked = new Redis(redis.url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
  asked.on('error', () => {});
  const processes: CliProcess[] = [];
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): CliProcess => {
    const shorter = { EVERYPAGE_TEST_LEASE_SHARE: String(leaseShare) };
    const started = startCli(folder, args, { env: { ...shorter, ...ownEnv, ...env } });
    processes.push(started);
    return started;
  };
  t.after(async () => {
    for (const { child } of processes) child.kill('SIGKILL');
    await Promise.all(processes.map(({ ended }) => ended));
    asked.disconnect();
    await server.close();
    await redis.close();
  });
  return {
    folder,
    store,
    redis,
    server,
    asked,
    coordinate(pages, more = [], env = {}) {
      const own = [
        '--queue',
        redis.url,
        '--store',
        store,
        '-o',
        'out.ndjson',
        '--progress',
        'none',
      ];
      return start([server.template(pages), ...own, ...more], env);
    },
    worker: (more = [], env = {}) =>
      start(['worker', '--queue', redis.url, '--progress', 'none', ...more], env),
    dashboard: () => start(['dashboard', '--queue', redis.url]),
    ask: async (words) => start([...words, '--queue', redis.url]).ended,
    untilRequested(pages) {
      const { promise, resolve } = Promise.withResolvers<void>();
      requested = () => {
        if (server.counts().requests.size < pages) return;
        requested = null;
        resolve();
      };
      requested();
      return promise;
    },
    expected: (pages) =>
      Array.from({ length: pages }, (_, index) => `${pageLine(index + 1, BODY_BYTES)}\n`).join(''),
    output: () => readFileSync(join(folder, 'out.ndjson'), 'utf8'),
  };
}
