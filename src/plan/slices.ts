/** The slices of `--split` and the branches they take: what each process finds that knows the split alone. */
import type { PageEnd, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import type { PlanState } from './plan.ts';
import { MOST_RESTARTS } from './restarting-chain.ts';
import { bisect, type Split, type SplitRange, sliceAt, sliceCount } from './split-ranges.ts';

/** Branches that slices may take; the plan uses those above for other things. */
const BRANCHES = 2 ** 22;

/**
 * A slice and the branches it and its halves may take.
 *
 * Branches keep the order. Slice i has the branches from `i * width` on. Its pages are in the first of
 * them, or in one of the few after it where it was read again. Where it is bisected, its lower half
 * takes the lower half of the other branches; pages that came before that are not part of the list.
 */
export interface Slice {
  readonly range: SplitRange;
  readonly branch: number;
  readonly width: number;
  /** How many branches after the first are for reading the slice again. */
  readonly restarts: number;
}

export function sliceOf(split: Split, index: number): Slice {
  const width = 2 ** Math.floor(Math.log2((BRANCHES - 1) / sliceCount(split)));
  return sliceIn(sliceAt(split, index), index * width, width);
}

/** Null where the slice or its branches cannot be divided further. */
export function halvesOf({
  range,
  branch,
  width,
  restarts,
}: Slice): readonly [Slice, Slice] | null {
  const halves = bisect(range);
  const from = branch + 1 + restarts;
  const left = width - 1 - restarts;
  if (halves === null || left < 2) return null;
  const middle = from + Math.floor(left / 2);
  return [
    sliceIn(halves[0], from, middle - from),
    sliceIn(halves[1], middle, branch + width - middle),
  ];
}

/** The slice, or half of one, whose pages are in a branch. */
export function sliceOfBranch(split: Split, branch: number): Slice {
  const { width } = sliceOf(split, 0);
  let slice = sliceOf(split, Math.floor(branch / width));
  while (branch > slice.branch + slice.restarts) {
    const halves = halvesOf(slice);
    if (halves === null) throw new RangeError(`no slice has branch ${branch}`);
    slice = branch < halves[1].branch ? halves[0] : halves[1];
  }
  return slice;
}

function sliceIn(range: SplitRange, branch: number, width: number): Slice {
  // Where a slice has few branches, fewer are kept for reading it again, so that it can be bisected.
  const restarts = width >= 1024 ? MOST_RESTARTS : width >= 64 ? 3 : 0;
  return { range, branch, width, restarts };
}

/** Whether a page says that the slice that it is the first of holds more than the server gives. */
export function isTooMuch(
  { ceiling }: Pagination,
  { place }: PageRequest,
  ended: PageEnd,
): boolean {
  if (place.position !== 0 || ceiling === null || ended.state !== 'stored') return false;
  const { total, totalIsLowerBound } = ended.pageInfo;
  return total !== null && (total > ceiling || (totalIsLowerBound && total === ceiling));
}

/** The plan of a slice that is read apart from the others: it ends where `SplitPlan` divides it. */
export class SlicePlan implements PlanState {
  readonly #plan: PlanState;
  readonly #divides: (request: PageRequest, ended: PageEnd) => boolean;
  #isDivided = false;

  constructor(plan: PlanState, divides: (request: PageRequest, ended: PageEnd) => boolean) {
    this.#plan = plan;
    this.#divides = divides;
  }

  take(most: number): readonly PageRequest[] {
    return this.#isDivided ? [] : this.#plan.take(most);
  }

  onPage(request: PageRequest, ended: PageEnd): void {
    if (this.#divides(request, ended)) this.#isDivided = true;
    else this.#plan.onPage(request, ended);
  }

  known(): number | null {
    return this.#isDivided ? 0 : this.#plan.known();
  }

  end(): PlanEnd | null {
    return this.#isDivided ? { reason: 'ceiling', detail: null, ends: [] } : this.#plan.end();
  }
}
