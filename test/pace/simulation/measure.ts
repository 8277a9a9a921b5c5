import { seededRandom } from '../../../src/demo/demo-items.ts';
import { FixedClient, type MakeClient } from './clients.ts';
import { BucketLimiter, NginxLimiter, NoLimiter, RandomLimiter } from './limiter.ts';
import {
  networkOf,
  REAL_PER_SECOND,
  type RealBar,
  realNetworkOf,
  type Scenario,
} from './scenarios.ts';
import { type Network, type RunResult, simulate } from './simulate.ts';

export interface Figures {
  /** Percent of what was permitted. */
  readonly efficiency: number;
  /** Percent of what was sent. */
  readonly refused: number;
}

export function runScenario(
  { limiter: make, headers, latencyMs, failing }: Scenario,
  retryAfter: boolean,
  makeClient: MakeClient,
  seed: number,
): RunResult {
  const random = seededRandom(seed);
  const { limiter, durationMs } = make(random);
  return simulate({
    server: { limiter, retryAfter, headers, failing, losing: 0 },
    network: networkOf(latencyMs),
    client: makeClient(random),
    random,
    durationMs,
    pages: Number.POSITIVE_INFINITY,
  });
}

export function figuresOf({ accepted, failed, refused, sent, permitted }: RunResult): Figures {
  return { efficiency: (100 * (accepted + failed)) / permitted, refused: (100 * refused) / sent };
}

export interface RealFigures {
  readonly whole: number;
  readonly settled: number;
  readonly refused: number;
}

export function runRealBar(bar: RealBar, makeClient: MakeClient, seed: number): RealFigures {
  const random = seededRandom(seed);
  const result = simulate({
    server: {
      limiter: new BucketLimiter(REAL_PER_SECOND, bar.burst),
      retryAfter: bar.retryAfter,
      headers: null,
      failing: 0,
      losing: 0,
    },
    network: realNetworkOf(bar.latencyMs),
    client: makeClient(random),
    random,
    durationMs: bar.durationMs,
    pages: bar.pages,
    marksMs: [bar.settledMs],
  });
  const { accepted, endedAt, acceptedByMark, permitted, refused, sent } = result;
  const settledMs = endedAt - bar.settledMs;
  const settled = accepted - (acceptedByMark[0] ?? 0);
  return {
    // A run of so many pages: the time that nothing wasted would have taken.
    whole: Number.isFinite(bar.pages)
      ? (100 * ((bar.pages - bar.burst) / REAL_PER_SECOND) * 1000) / endedAt
      : (100 * accepted) / permitted,
    settled: (100 * settled) / ((REAL_PER_SECOND * settledMs) / 1000),
    refused: (100 * refused) / sent,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A server without a limit: one core that works so long on each request, behind a network. */
export interface LoadBar {
  readonly name: string;
  readonly latencyMs: number;
  readonly serviceMs: number;
}

export const LOAD_BARS: readonly LoadBar[] = [
  { name: '0 ms, 0.25 ms a request', latencyMs: 1, serviceMs: 0.25 },
  { name: '50 ms, 0.25 ms a request', latencyMs: 50, serviceMs: 0.25 },
  { name: '0 ms, 5 ms a request', latencyMs: 1, serviceMs: 5 },
  { name: '20 ms, 5 ms a request', latencyMs: 20, serviceMs: 5 },
  { name: '100 ms, 5 ms a request', latencyMs: 100, serviceMs: 5 },
];

export interface LoadFigures {
  /** Percent of the answers a second of the best fixed concurrency, once a quarter is over. */
  readonly throughput: number;
  /** The same for the whole run. */
  readonly whole: number;
  /** Mean time of a request, by that of one request alone. */
  readonly latency: number;
}

const LOAD_MS = 20_000;

function runLoad({ latencyMs, serviceMs }: LoadBar, makeClient: MakeClient, seed: number) {
  const random = seededRandom(seed);
  return simulate({
    server: { limiter: new NoLimiter(), retryAfter: false, headers: null, failing: 0, losing: 0 },
    network: { latencyMs, sigma: 0.1, inOrder: true, serviceMs },
    client: makeClient(random),
    random,
    durationMs: LOAD_MS,
    pages: Number.POSITIVE_INFINITY,
    marksMs: [LOAD_MS / 4],
  });
}

export function measureLoad(bar: LoadBar, makeClient: MakeClient, seed: number): LoadFigures {
  const fixed = [5, 10, 20, 50].map((size) =>
    runLoad(bar, (random) => new FixedClient(size, random), seed),
  );
  const best = Math.max(...fixed.map(({ accepted }) => accepted));
  const bestLate = Math.max(...fixed.map((run) => run.accepted - run.acceptedByMark[0]!));
  const alone = runLoad(bar, (random) => new FixedClient(1, random), seed);
  const result = runLoad(bar, makeClient, seed);
  return {
    throughput: (100 * (result.accepted - result.acceptedByMark[0]!)) / bestLate,
    whole: (100 * result.accepted) / best,
    latency: result.meanLatencyMs / alone.meanLatencyMs,
  };
}

const RANDOM_MS = 60_000;

/** Answers a second of a server that refuses such a part of its requests, whatever their rate. */
export function measureRandomRefusals(
  part: number,
  retryAfter: boolean,
  makeClient: MakeClient,
  seed: number,
): number {
  const random = seededRandom(seed);
  const limiter = new RandomLimiter(part, random);
  const { accepted } = simulate({
    server: { limiter, retryAfter, headers: null, failing: 0, losing: 0 },
    network: { latencyMs: 1, sigma: 0.1, inOrder: true, serviceMs: 1 },
    client: makeClient(random),
    random,
    durationMs: RANDOM_MS,
    pages: Number.POSITIVE_INFINITY,
  });
  return (1000 * accepted) / RANDOM_MS;
}

/** A server of which a part of the answers are errors, and that may refuse by errors as well. */
export interface ErrorBar {
  readonly name: string;
  readonly network: Network;
  readonly failing: number;
  /** Null where nothing is limited. Its requests a second, and how many more at once. */
  readonly limit: { readonly perSecond: number; readonly burst: number } | null;
  readonly pages: number;
  /** How it refuses: 429, the same with `Retry-After`, or 503. */
  readonly refusesBy: 'plain' | 'named' | 'error';
  /** A limit, and errors besides: no goal is set. */
  readonly isMixed: boolean;
}

/** As a process has it: connections to make, and timers that are late now and then. */
function processNetwork(latencyMs: number, isHttp2: boolean): Network {
  const real = { connectMs: 40, isHttp2, late: 0.02 };
  return { ...realNetworkOf(latencyMs), inOrder: isHttp2, real };
}

function nginxBar(latencyMs: number, isHttp2: boolean, failing: number, isPlain = false): ErrorBar {
  const besides = failing > 0 ? `, and ${100 * failing} % of 503` : '';
  const version = isHttp2 ? 'HTTP/2' : 'HTTP/1.1';
  return {
    name: `500 pages, ${latencyMs} ms, ${version}, ${isPlain ? 429 : 503} beyond 20/s, burst 5${besides}`,
    network: processNetwork(latencyMs, isHttp2),
    failing,
    limit: { perSecond: 20, burst: 5 },
    refusesBy: isPlain ? 'plain' : 'error',
    isMixed: failing > 0,
    pages: 500,
  };
}

export const ERROR_BARS: readonly ErrorBar[] = [
  ...[0, 0.01, 0.05, 0.14, 0.3].map(
    (failing): ErrorBar => ({
      name: `10,000 pages, 50 ms, ${Math.round(100 * failing)} % of 503`,
      network: realNetworkOf(50),
      failing,
      limit: null,
      refusesBy: 'error',
      isMixed: false,
      pages: 10_000,
    }),
  ),
  ...[0, 50].flatMap((latencyMs) =>
    [false, true].flatMap((isHttp2) => [
      nginxBar(latencyMs, isHttp2, 0, true),
      nginxBar(latencyMs, isHttp2, 0),
    ]),
  ),
  ...[0, 50].flatMap((latencyMs) =>
    [0.01, 0.05].map((failing) => nginxBar(latencyMs, true, failing)),
  ),
  ...[0.01, 0.05].map(
    (failing): ErrorBar => ({
      name: `5,000 pages, 50 ms, 503 beyond 100/s, burst 20, and ${100 * failing} % of 503`,
      network: realNetworkOf(50),
      failing,
      limit: { perSecond: 100, burst: 20 },
      refusesBy: 'error',
      isMixed: true,
      pages: 5000,
    }),
  ),
  {
    name: '300 pages, 40 ms, 429 with Retry-After beyond 30/s, burst 30, and 2 % of 503',
    network: processNetwork(40, true),
    failing: 0.02,
    limit: { perSecond: 30, burst: 30 },
    refusesBy: 'named',
    isMixed: true,
    pages: 300,
  },
];

export interface ErrorFigures {
  /** Percent of the pages a second of the best fixed concurrency, or of what the limit lets through. */
  readonly whole: number;
  /** Percent of the requests. */
  readonly refused: number;
}

export function measureErrors(bar: ErrorBar, makeClient: MakeClient, seed: number): ErrorFigures {
  const result = runErrors(bar, makeClient, seed);
  const refused = (100 * result.refused) / result.sent;
  const perMs = result.accepted / result.endedAt;
  if (bar.limit === null) {
    const best = Math.max(
      ...[5, 10, 20, 50].map((size) => {
        const fixed = runErrors(bar, (random) => new FixedClient(size, random), seed);
        return fixed.accepted / fixed.endedAt;
      }),
    );
    return { whole: (100 * perMs) / best, refused };
  }
  // What the limit lets through, errors among it.
  const answered = result.accepted + result.failed;
  const { perSecond, burst } = bar.limit;
  return { whole: (100 * 1000 * (answered - burst - 1)) / perSecond / result.endedAt, refused };
}

function runErrors(
  { network, failing, limit, pages, refusesBy }: ErrorBar,
  make: MakeClient,
  seed: number,
) {
  const random = seededRandom(seed);
  return simulate({
    server: {
      limiter: limit === null ? new NoLimiter() : new NginxLimiter(limit.perSecond, limit.burst),
      retryAfter: refusesBy === 'named',
      refusesByError: refusesBy === 'error',
      headers: null,
      failing,
      losing: 0,
    },
    network,
    client: make(random),
    random,
    durationMs: 600_000,
    pages,
  });
}
