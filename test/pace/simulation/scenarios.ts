/** The limiters that the pace is judged by, and the goal of each. */
import type { Limit } from '../../../src/core/hint.ts';
import {
  BucketLimiter,
  type Limiter,
  SharedLimiter,
  SlidingLimiter,
  type StateHeaders,
  WindowLimiter,
} from './limiter.ts';
import type { Network } from './simulate.ts';

export interface Scenario {
  readonly name: string;
  readonly limiter: (random: () => number) => { limiter: Limiter; durationMs: number };
  readonly headers: StateHeaders | null;
  readonly latencyMs: number;
  readonly failing: number;
  readonly goal: Goal | null;
}

export interface Goal {
  /** In percent of what was permitted. */
  readonly efficiency: number;
  /** In percent of what was sent. */
  readonly refused: number;
}

const TEN_MINUTES_MS = 600_000;
const BUCKET: Goal = { efficiency: 97, refused: 1 };
const WINDOW: Goal = { efficiency: 95, refused: 1.5 };
const HEADERS: Goal = { efficiency: 97, refused: 0.1 };

function scenario(
  name: string,
  limiter: (random: () => number) => Limiter,
  goal: Goal | null,
  more: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    limiter: (random) => ({ limiter: limiter(random), durationMs: TEN_MINUTES_MS }),
    headers: null,
    latencyMs: 100,
    failing: 0,
    goal,
    ...more,
  };
}

/** Begins somewhere in a window and ends with one, after ten minutes or more. */
function windowed(quota: number, windowMs: number) {
  return (random: () => number) => {
    const phase = random();
    const windows = Math.ceil(TEN_MINUTES_MS / windowMs) + 1;
    const limiter = new WindowLimiter(quota, windowMs, phase);
    return { limiter, durationMs: (windows - phase) * windowMs };
  };
}

/** `RateLimit` and `RateLimit-Policy` of the IETF draft: whole seconds, rounded up. */
function ietf(quota: number, windowMs: number): StateHeaders {
  return (limiter, now) => {
    const { remaining, resetMs } = limiter.state(now);
    return [limit(quota, remaining, Math.ceil(resetMs / 1000) * 1000, windowMs)];
  };
}

/** `X-RateLimit-Limit`, `-Remaining`, and `-Reset` as the second of an epoch, read against `Date`. */
function xRateLimit(quota: number): StateHeaders {
  return (limiter, now) => {
    const { remaining, resetMs } = limiter.state(now);
    const reset = Math.ceil((now + resetMs) / 1000) - Math.floor(now / 1000);
    return [limit(quota, remaining, reset * 1000, null)];
  };
}

function limit(
  quota: number | null,
  remaining: number | null,
  resetMs: number | null,
  windowMs: number | null,
): Limit {
  return { policy: '', quota, remaining, resetMs, windowMs };
}

const bucket = (rate: ConstructorParameters<typeof BucketLimiter>[0], burst: number) => () =>
  new BucketLimiter(rate, burst);

export const SCENARIOS: readonly Scenario[] = [
  scenario('bucket 10/s, burst 10', bucket(10, 10), BUCKET),
  scenario('bucket 100/s, burst 100', bucket(100, 100), BUCKET),
  scenario('bucket 100/s, burst 20', bucket(100, 20), null),
  scenario('bucket 2/s, burst 40', bucket(2, 40), BUCKET),
  scenario('window 600 per 60 s', () => new WindowLimiter(1, 1, 0), WINDOW, {
    limiter: windowed(600, 60_000),
  }),
  scenario('window 100 per 1 s', () => new WindowLimiter(1, 1, 0), WINDOW, {
    limiter: windowed(100, 1000),
  }),
  scenario('sliding 100 per 10 s', () => new SlidingLimiter(100, 10_000), WINDOW),
  scenario(
    'limit falls 50→20',
    bucket(
      [
        { from: 0, perSecond: 50 },
        { from: 300_000, perSecond: 20 },
      ],
      50,
    ),
    BUCKET,
  ),
  scenario(
    'limit rises 20→60',
    bucket(
      [
        { from: 0, perSecond: 20 },
        { from: 300_000, perSecond: 60 },
      ],
      60,
    ),
    BUCKET,
  ),
  scenario('bucket 10/s, burst 1', bucket(10, 1), null),
  scenario('bucket 100/s, burst 100, 500 ms latency', bucket(100, 100), BUCKET, {
    latencyMs: 500,
  }),
  scenario('bucket 100/s, burst 100, 1 % of 503', bucket(100, 100), BUCKET, { failing: 0.01 }),
  scenario(
    'bucket 100/s, burst 100, half taken by another',
    () => new SharedLimiter(new BucketLimiter(100, 100), 50, 0.5),
    BUCKET,
  ),
  scenario('bucket 50/s, burst 50, headers say 500/s', bucket(50, 50), BUCKET, {
    headers: () => [limit(5000, 4000, 10_000, 10_000)],
  }),
  scenario('bucket 100/s, burst 100, RateLimit', bucket(100, 100), HEADERS, {
    headers: ietf(100, 1000),
  }),
  scenario('bucket 2/s, burst 40, RateLimit', bucket(2, 40), HEADERS, {
    headers: ietf(40, 20_000),
  }),
  scenario('window 600 per 60 s, RateLimit', () => new WindowLimiter(1, 1, 0), HEADERS, {
    limiter: windowed(600, 60_000),
    headers: ietf(600, 60_000),
  }),
  scenario('window 600 per 60 s, X-RateLimit', () => new WindowLimiter(1, 1, 0), HEADERS, {
    limiter: windowed(600, 60_000),
    headers: xRateLimit(600),
  }),
  scenario('sliding 100 per 10 s, RateLimit', () => new SlidingLimiter(100, 10_000), HEADERS, {
    headers: ietf(100, 10_000),
  }),
  scenario('bucket 10/s, burst 10, X-RateLimit', bucket(10, 10), HEADERS, {
    headers: xRateLimit(10),
  }),
];

/** What the lead's bars measure on real sockets, as near as virtual time comes. */
export interface RealBar {
  readonly name: string;
  readonly burst: number;
  readonly latencyMs: number;
  readonly retryAfter: boolean;
  readonly pages: number;
  readonly durationMs: number;
  /** From when on the second efficiency is counted. */
  readonly settledMs: number;
  readonly goal: {
    readonly whole: number | null;
    readonly settled: number | null;
    readonly refused: number;
  };
}

export const REAL_PER_SECOND = 200;

export const REAL_BARS: readonly RealBar[] = [false, true].flatMap((retryAfter) =>
  [0, 40].flatMap((latencyMs) => {
    const about = `${latencyMs} ms, ${retryAfter ? 'Retry-After' : 'no Retry-After'}`;
    const all = { latencyMs, retryAfter };
    const lasting = { ...all, pages: Number.POSITIVE_INFINITY, durationMs: 120_000 };
    return [
      {
        ...lasting,
        name: `burst 200, ${about}`,
        burst: 200,
        settledMs: 20_000,
        goal: { whole: 92, settled: 97, refused: 1 },
      },
      {
        ...lasting,
        name: `burst 20, ${about}`,
        burst: 20,
        settledMs: 30_000,
        goal: { whole: null, settled: 92, refused: 1 },
      },
      {
        ...all,
        name: `8,000 pages, burst 40, ${about}`,
        burst: 40,
        pages: 8000,
        durationMs: 600_000,
        settledMs: 20_000,
        goal: { whole: 90, settled: null, refused: 1.5 },
      },
    ];
  }),
);

export function networkOf(latencyMs: number): Network {
  return { latencyMs, sigma: 0.25, inOrder: false, serviceMs: 0 };
}

/** Loopback, or a proxy that adds a fixed delay: one connection in order, little jitter, and the
 * time a request takes both sides of one machine. */
export function realNetworkOf(latencyMs: number): Network {
  return { latencyMs: latencyMs + 1, sigma: 0.1, inOrder: true, serviceMs: 0.25 };
}
