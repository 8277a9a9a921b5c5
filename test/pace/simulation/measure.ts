import { randomFrom } from '../../run/pagination-setup.ts';
import { BucketLimiter } from './limiter.ts';
import type { MakeClient } from './clients.ts';
import { networkOf, REAL_PER_SECOND, type RealBar, realNetworkOf, type Scenario } from './scenarios.ts';
import { type RunResult, simulate } from './simulate.ts';

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
  const random = randomFrom(seed);
  const { limiter, durationMs } = make(random);
  return simulate({
    server: { limiter, retryAfter, headers, failing },
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
  const random = randomFrom(seed);
  const result = simulate({
    server: {
      limiter: new BucketLimiter(REAL_PER_SECOND, bar.burst),
      retryAfter: bar.retryAfter,
      headers: null,
      failing: 0,
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
