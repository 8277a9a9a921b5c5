/** Any limiter, any network, any settings: what must hold whatever they are. */
import type { Limit } from '../../../src/core/hint.ts';
import { seededRandom } from '../../../src/demo/demo-items.ts';
import type { LearnedPace, PaceSettings } from '../../../src/pace/pace.ts';
import { Pacer } from '../../../src/pace/pacer.ts';
import { clientOf } from './clients.ts';
import {
  BucketLimiter,
  type Limiter,
  NoLimiter,
  SharedLimiter,
  SlidingLimiter,
  type StateHeaders,
  WindowLimiter,
} from './limiter.ts';
import { type RunResult, simulate } from './simulate.ts';

const A_DAY_MS = 86_400_000;

/** Between the two, each order of magnitude alike. */
function between(least: number, most: number, random: () => number): number {
  return least * (most / least) ** random();
}

function drawLimiter(random: () => number): Limiter {
  const perSecond = between(0.1, 500, random);
  switch (Math.floor(random() * 6)) {
    case 0:
      return new NoLimiter();
    case 1:
      return new WindowLimiter(
        Math.ceil(between(1, 300, random)),
        between(500, 120_000, random),
        random(),
      );
    case 2:
      return new SlidingLimiter(Math.ceil(between(1, 300, random)), between(500, 60_000, random));
    case 3:
      return new SharedLimiter(
        new BucketLimiter(perSecond, between(1, 200, random)),
        perSecond / 2,
        0.5,
      );
    case 4: {
      const from = between(1000, 60_000, random);
      const later = { from, perSecond: between(0.1, 500, random) };
      return new BucketLimiter([{ from: 0, perSecond }, later], between(1, 200, random));
    }
    default:
      return new BucketLimiter(perSecond, between(1, 200, random));
  }
}

/** True, false, or nonsense. */
function drawHeaders(random: () => number): StateHeaders | null {
  const kind = random();
  if (kind < 0.5) return null;
  if (kind < 0.8) {
    return (limiter, now) => {
      const { remaining, resetMs } = limiter.state(now);
      return [
        {
          policy: '',
          quota: null,
          remaining,
          resetMs: Math.ceil(resetMs / 1000) * 1000,
          windowMs: null,
        },
      ];
    };
  }
  const limit: Limit = {
    policy: 'x',
    quota: random() < 0.5 ? null : Math.floor(between(1, 10_000, random)),
    remaining: random() < 0.3 ? null : Math.floor(random() * 3000),
    resetMs: random() < 0.3 ? null : between(1, 100_000, random),
    windowMs: random() < 0.5 ? null : between(1, 100_000, random),
  };
  return () => [limit];
}

function drawSettings(random: () => number): PaceSettings {
  const isAuto = random() < 0.6;
  return {
    concurrency: isAuto ? 'auto' : Math.ceil(between(1, 100, random)),
    rate:
      random() < 0.7
        ? null
        : { count: Math.ceil(between(1, 100, random)), perMs: between(100, 60_000, random) },
  };
}

function drawLearned(random: () => number): LearnedPace | null {
  if (random() < 0.8) return null;
  const lowPerSecond = random() < 0.2 ? null : between(0.01, 1000, random);
  return {
    version: 1,
    lowPerSecond,
    highPerSecond: lowPerSecond === null || random() < 0.5 ? null : lowPerSecond * (1 + random()),
    burst: between(1, 200, random),
    windowMs: [null, 1000, 10_000, 60_000][Math.floor(4 * random())]!,
    concurrency: Math.ceil(between(1, 64, random)),
  };
}

export interface RandomRun {
  readonly result: RunResult;
  readonly pages: number;
  /** What was broken, or null. */
  readonly broken: string | null;
}

export function runRandom(seed: number): RandomRun {
  const random = seededRandom(seed);
  const pages = Math.ceil(between(1, 400, random));
  const settings = drawSettings(random);
  const result = simulate({
    server: {
      limiter: drawLimiter(random),
      retryAfter: random() < 0.5,
      refusesByError: random() < 0.2,
      headers: drawHeaders(random),
      failing: random() < 0.7 ? 0 : random() * 0.3,
      losing: random() < 0.8 ? 0 : random() * 0.3,
    },
    network: {
      latencyMs: between(0.5, 2000, random),
      sigma: random() * 0.6,
      inOrder: random() < 0.5,
      serviceMs: random() < 0.8 ? 0 : between(0.1, 50, random),
    },
    client: clientOf(new Pacer(settings, random, drawLearned(random))),
    random,
    durationMs: A_DAY_MS,
    pages,
  });
  return { result, pages, broken: whatBroke(result, pages) };
}

function whatBroke({ early, isStuck, accepted }: RunResult, pages: number): string | null {
  if (early > 0) return `${early} requests went out before a deadline that was stated`;
  if (isStuck) return 'nothing under way, and no time named';
  if (accepted < pages) return `${pages - accepted} of ${pages} pages had not ended after a day`;
  return null;
}
