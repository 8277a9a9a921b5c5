/** The lanes of a waterfall, which of them it shows, and where on its canvas an attempt stands. In pixels of the page. */
import type { AttemptColumns } from '../report-data.ts';
import { axisWidth } from './plot-scales.ts';
import { lowerBound } from './series.ts';
import type { TimeRange } from './time-range.ts';

const AXIS_HEIGHT = 24;
const MOST_HEIGHT = 380;
const LEAST_LANE = 4;
const MOST_LANE = 20;
/** So far a pointer may be from a bar. */
export const NEAR = 4;

export class WaterfallLayout {
  readonly laneHeight: number;
  readonly shownLanes: number;
  readonly #attempts: AttemptColumns;
  readonly #lanes: Lanes;
  readonly #range: TimeRange;
  readonly #canvas: HTMLCanvasElement;
  #firstLane = 0;

  constructor(attempts: AttemptColumns, lanes: Lanes, range: TimeRange, canvas: HTMLCanvasElement) {
    this.#attempts = attempts;
    this.#lanes = lanes;
    this.#range = range;
    this.#canvas = canvas;
    const count = Math.max(1, this.lanes);
    this.laneHeight = Math.max(LEAST_LANE, Math.min(MOST_LANE, Math.floor(MOST_HEIGHT / count)));
    this.shownLanes = Math.min(count, Math.floor(MOST_HEIGHT / this.laneHeight));
  }

  get lanes(): number {
    return this.#lanes.members.length;
  }

  get firstLane(): number {
    return this.#firstLane;
  }

  get height(): number {
    return this.barsHeight + AXIS_HEIGHT;
  }

  /** Below it is the axis. */
  get barsHeight(): number {
    return this.shownLanes * this.laneHeight;
  }

  get left(): number {
    return axisWidth(this.#canvas.clientWidth);
  }

  /** Width of the area of the bars. */
  get width(): number {
    return Math.max(1, this.#canvas.clientWidth - 2 * this.left);
  }

  x(ms: number): number {
    return this.left + ((ms - this.#range.from) / this.#range.ms) * this.width;
  }

  timeAt(x: number): number {
    return this.#range.from + ((x - this.left) / this.width) * this.#range.ms;
  }

  /** The row of an attempt among those that are shown, or null. */
  rowOf(at: number): number | null {
    const row = this.#lanes.of[at]! - this.#firstLane;
    return row < 0 || row >= this.shownLanes ? null : row;
  }

  attemptAt(x: number, y: number): number | null {
    const lane = this.#lanes.members[this.#firstLane + Math.floor(y / this.laneHeight)];
    if (lane === undefined || y >= this.barsHeight) return null;
    const { start, duration } = this.#attempts;
    const time = this.timeAt(x);
    const near = (NEAR / this.width) * this.#range.ms;
    const index = lowerBound(lane.length, (at) => start[lane[at]!]! > time);
    const distance = (at: number): number =>
      Math.max(0, start[at]! - time, time - start[at]! - duration[at]!);
    const [nearest] = [lane[index - 1], lane[index]]
      .filter((at) => at !== undefined)
      .sort((a, b) => distance(a) - distance(b));
    return nearest !== undefined && distance(nearest) <= near ? nearest : null;
  }

  scroll(by: number): void {
    const most = Math.max(0, this.lanes - this.shownLanes);
    this.#firstLane = Math.min(most, Math.max(0, this.#firstLane + by));
  }

  /** Moves range and lanes until an attempt is shown. */
  bringIntoView(at: number): void {
    const { start, duration } = this.#attempts;
    const [from, to] = [start[at]!, start[at]! + duration[at]!];
    if (from < this.#range.from || to > this.#range.to) {
      const half = this.#range.ms / 2;
      this.#range.set((from + to) / 2 - half, (from + to) / 2 + half);
    }
    const lane = this.#lanes.of[at]!;
    if (lane < this.#firstLane) this.#firstLane = lane;
    if (lane >= this.#firstLane + this.shownLanes) this.#firstLane = lane - this.shownLanes + 1;
  }
}

/** When an attempt began is kept in whole milliseconds, so two that follow may seem to overlap. */
const ROUNDING_MS = 1.5;

export interface Lanes {
  /** The attempts of each lane, by their times. */
  readonly members: readonly Uint32Array[];
  /** The lane of each attempt. */
  readonly of: Uint16Array;
}

/** Puts attempts into lanes, so that no two of a lane overlap: as many lanes as requests were under way. */
export function placeInLanes({ start, duration }: AttemptColumns): Lanes {
  const free: number[] = [];
  const members: number[][] = [];
  const of = new Uint16Array(start.length);
  for (let at = 0; at < start.length; at += 1) {
    const from = start[at]! + ROUNDING_MS;
    let lane = free.findIndex((until) => until <= from);
    if (lane === -1) lane = free.push(0) - 1;
    free[lane] = start[at]! + duration[at]!;
    members[lane] ??= [];
    members[lane]!.push(at);
    of[at] = lane;
  }
  return { members: members.map((lane) => Uint32Array.from(lane)), of };
}
