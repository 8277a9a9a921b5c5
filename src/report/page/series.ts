/** What the plots show over time, counted from the attempts in bins of equal length. */
import { attemptKinds, type ReportData } from '../report-data.ts';

export interface Bins {
  readonly from: number;
  /** Milliseconds of one bin. */
  readonly ms: number;
  readonly count: number;
}

const STEPS = [1, 2, 5];
const LEAST_BIN_MS = 5;
const OK = attemptKinds.indexOf('ok');
const NO_ANSWER = attemptKinds.indexOf('no-answer');

/** Bins for a range and as much again on both sides; their borders stay where they are while it moves. */
export function binsFor(from: number, to: number, endMs: number, most: number): Bins {
  const ms = niceStep(Math.max(LEAST_BIN_MS, (to - from) / most));
  const first = Math.max(0, Math.floor((2 * from - to) / ms));
  const last = Math.min(Math.ceil(endMs / ms), Math.ceil((2 * to - from) / ms));
  return { from: first * ms, ms, count: Math.max(1, last - first) };
}

function niceStep(least: number): number {
  for (let power = 10 ** Math.floor(Math.log10(least)); ; power *= 10) {
    for (const step of STEPS) if (step * power >= least) return step * power;
  }
}

/** When each bin begins, in seconds. */
export function timesOf({ from, ms, count }: Bins): number[] {
  return Array.from({ length: count }, (_, at) => (from + at * ms) / 1_000);
}

export interface Series {
  /** Pages that arrived in a second. */
  readonly pages: (number | null)[];
  /** Bytes of bodies in a second. */
  readonly bytes: (number | null)[];
  /** Requests that began in a second. */
  readonly requests: (number | null)[];
  /** Requests under way, on average. */
  readonly inFlight: (number | null)[];
  /** How long answers took, in milliseconds: as long or less for half of them, and so on. */
  readonly p50: (number | null)[];
  readonly p90: (number | null)[];
  readonly p99: (number | null)[];
}

export class SeriesReader {
  readonly #data: ReportData;
  /** Attempts by when they ended. */
  readonly #byEnd: Uint32Array;
  readonly #ends: Float64Array;
  readonly #longestMs: number;

  constructor(data: ReportData) {
    this.#data = data;
    const { start, duration } = data.attempts;
    this.#ends = start.map((from, at) => from + duration[at]!);
    this.#byEnd = Uint32Array.from(start.keys()).sort((a, b) => this.#ends[a]! - this.#ends[b]!);
    this.#longestMs = duration.reduce((most, ms) => Math.max(most, ms), 0);
  }

  read(bins: Bins): Series {
    return { ...this.#whatEnded(bins), ...this.#whatBegan(bins) };
  }

  #weightOf(at: number): number {
    const { okEvery, otherEvery } = this.#data.facts.drawn;
    return this.#data.attempts.kind[at] === OK ? okEvery : otherEvery;
  }

  #whatEnded(bins: Bins): Pick<Series, 'pages' | 'bytes' | 'p50' | 'p90' | 'p99'> {
    const { kind, duration, bytes } = this.#data.attempts;
    const perSecond = 1_000 / bins.ms;
    const filled = (): (number | null)[] => new Array(bins.count).fill(0);
    const empty = (): (number | null)[] => new Array(bins.count).fill(null);
    const series = { pages: filled(), bytes: filled(), p50: empty(), p90: empty(), p99: empty() };
    const order = this.#byEnd;
    let next = lowerBound(order.length, (it) => this.#ends[order[it]!]! >= bins.from);
    for (let bin = 0; bin < bins.count; bin += 1) {
      const until = bins.from + (bin + 1) * bins.ms;
      const waits: number[] = [];
      let pages = 0;
      let received = 0;
      for (; next < order.length && this.#ends[order[next]!]! < until; next += 1) {
        const at = order[next]!;
        const weight = this.#weightOf(at);
        received += weight * bytes[at]!;
        if (kind[at] === OK) pages += weight;
        if (kind[at] !== NO_ANSWER) waits.push(duration[at]!);
      }
      series.pages[bin] = pages * perSecond;
      series.bytes[bin] = received * perSecond;
      if (waits.length === 0) continue;
      waits.sort((a, b) => a - b);
      const rank = (part: number): number => waits[Math.ceil(part * waits.length) - 1]!;
      series.p50[bin] = rank(0.5);
      series.p90[bin] = rank(0.9);
      series.p99[bin] = rank(0.99);
    }
    return series;
  }

  #whatBegan(bins: Bins): Pick<Series, 'requests' | 'inFlight'> {
    const { start } = this.#data.attempts;
    const requests = new Array<number>(bins.count).fill(0);
    const inFlight = new Array<number>(bins.count).fill(0);
    const { from, ms, count } = bins;
    const to = from + count * ms;
    const first = lowerBound(start.length, (at) => start[at]! >= from - this.#longestMs);
    for (let at = first; at < start.length && start[at]! < to; at += 1) {
      const weight = this.#weightOf(at);
      const [begin, end] = [start[at]! - from, this.#ends[at]! - from];
      if (begin >= 0)
        requests[Math.min(count - 1, Math.floor(begin / ms))]! += (weight * 1_000) / ms;
      const lastBin = Math.min(count - 1, Math.floor(end / ms));
      for (let bin = Math.max(0, Math.floor(begin / ms)); bin <= lastBin; bin += 1) {
        const shared = Math.min(end, (bin + 1) * ms) - Math.max(begin, bin * ms);
        inFlight[bin]! += (weight * shared) / ms;
      }
    }
    return { requests, inFlight };
  }
}

/** The first number from 0 on for which `isThere` holds, and for all behind it; `length` where none. */
export function lowerBound(length: number, isThere: (at: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isThere(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
