/**
 * The token bucket (rate and burst) that explains when requests were accepted and when refused. At
 * a refusal the bucket is empty, so a leaky bucket that is filled by the accepted requests and
 * leaks at the true rate stands at the burst: at every refusal the same height.
 */
import type { AcceptedHistory } from './accepted-history.ts';

/** From one refusal to the next. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly accepted: number;
}

export interface Fit {
  /** Requests per millisecond. */
  readonly rate: number;
  readonly burst: number;
  /** In squares of what chance does; above 1 the limiter is hardly a token bucket. */
  readonly cost: number;
  /** Rates that explain it nearly as well. */
  readonly leastLikely: number;
  readonly mostLikely: number;
}

const STEP = 1.02;
/** How far the height may be off by chance: requests, their rate in 25 ms of jitter, part of the burst. */
const CHANCE = 1.5;
const JITTER_MS = 25;
const CHANCE_PART = 0.04;
/** Where several fit, a burst of about a second is the likeliest; enough to settle a tie. */
const UNUSUAL = 0.012;
const BISECTIONS = 16;

/**
 * Rate and burst together, from the run's first refusal (before which the bucket was full at
 * `startedAt`) and the segments since.
 * @param refusedAt the lowest rate that was refused
 */
export function fitRateAndBurst(
  history: AcceptedHistory,
  startedAt: number,
  firstAt: number,
  segments: readonly Segment[],
  refusedAt: number,
): Fit {
  let least = 0;
  for (const { from, to, accepted } of segments) {
    least = Math.max(least, (accepted - 3) / Math.max(1, to - from));
  }
  const tried: { rate: number; burst: number; cost: number }[] = [];
  for (let rate = 0.97 * least; rate < Math.max(1.1 * least, refusedAt); rate *= STEP) {
    // One millisecond earlier, so that what went out at the start counts.
    const burst = history.levelAt(rate, 0, startedAt - 1, firstAt);
    const chance = CHANCE + JITTER_MS * rate + CHANCE_PART * burst;
    let cost = UNUSUAL * Math.log((burst + 1) / (1000 * rate)) ** 2;
    for (const { from, to } of segments) {
      cost += ((history.levelAt(rate, burst, from, to) - burst) / chance) ** 2;
    }
    tried.push({ rate, burst, cost });
  }
  let best = tried[0]!;
  for (const one of tried) if (one.cost < best.cost) best = one;
  const likely = tried.filter(({ cost }) => cost <= best.cost + 1);
  return { ...best, leastLikely: likely[0]!.rate, mostLikely: likely.at(-1)!.rate };
}

/** The rate alone, with the burst known. */
export function fitRate(
  history: AcceptedHistory,
  burst: number,
  { from, to, accepted }: Segment,
  refusedAt: number,
): number {
  // Less than what was accepted it cannot be; it is more where the bucket was full for a time.
  let below = (0.98 * accepted) / Math.max(1, to - from);
  let above = Math.max(refusedAt, below);
  for (let round = 0; round < BISECTIONS; round += 1) {
    const middle = (below + above) / 2;
    if (history.levelAt(middle, burst, from, to) <= burst) above = middle;
    else below = middle;
  }
  return above;
}
