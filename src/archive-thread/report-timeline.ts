/** The time axis of a report: the times in which nothing was sent, as between two runs, are cut out. */
import type { TimeFacts } from '../report/report-data.ts';

/** From ≤ to, milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const LEAST_CUT_MS = 60_000;
/** A slow pace has idle times of its own; what is so many times longer is none of them. */
const LONG_IDLE = 10;
const IDLE_MS = 1_000;
/** What is left of a cut, so that both of its sides can be told apart. */
const LEFT_MS = 1_000;

export class Timeline {
  readonly facts: TimeFacts;
  readonly endMs: number;
  readonly #ends: readonly Span[];

  /** @param spans when something was going on: attempts and pauses */
  constructor(spans: readonly Span[]) {
    const idle = idleTimes(spans);
    const first = spans.reduce(
      (least, { from }) => Math.min(least, from),
      Number.POSITIVE_INFINITY,
    );
    const last = spans.reduce((most, { to }) => Math.max(most, to), Number.NEGATIVE_INFINITY);
    const startedAt = Number.isFinite(first) ? first : 0;
    const own = idle.map(({ from, to }) => to - from).filter((ms) => ms >= IDLE_MS);
    own.sort((a, b) => a - b);
    const usual = own.length < 3 ? 0 : own[own.length >> 1]!;
    const least = Math.max(LEAST_CUT_MS, LONG_IDLE * usual);
    this.#ends = idle
      .filter(({ from, to }) => to - from > least)
      .map(({ from, to }) => ({ from: from + LEFT_MS, to }));
    let before = 0;
    const cuts = this.#ends.map(({ from, to }) => {
      const cut = { at: from - startedAt - before, ms: to - from };
      before += cut.ms;
      return cut;
    });
    this.facts = { startedAt, cuts };
    this.endMs = Number.isFinite(last) ? this.at(last) : 0;
  }

  /** The report's time of a moment. */
  at(wallTime: number): number {
    let cutMs = 0;
    for (const { from, to } of this.#ends) {
      if (wallTime <= from) break;
      cutMs += Math.min(wallTime, to) - from;
    }
    return Math.max(0, wallTime - this.facts.startedAt - cutMs);
  }
}

function idleTimes(spans: readonly Span[]): Span[] {
  const idle: Span[] = [];
  let busyUntil = Number.POSITIVE_INFINITY;
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    if (from > busyUntil) idle.push({ from: busyUntil, to: from });
    busyUntil = busyUntil === Number.POSITIVE_INFINITY ? to : Math.max(busyUntil, to);
  }
  return idle;
}
