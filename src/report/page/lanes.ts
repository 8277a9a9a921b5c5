/** Puts attempts into lanes, so that no two of a lane overlap: as many lanes as requests were under way. */
import type { AttemptColumns } from '../report-data.ts';

/** When an attempt began is kept in whole milliseconds, so two that follow may seem to overlap. */
const ROUNDING_MS = 1.5;

export interface Lanes {
  /** The attempts of each lane, by their times. */
  readonly members: readonly Uint32Array[];
  /** The lane of each attempt. */
  readonly of: Uint16Array;
}

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
