import type { Recheck } from '../core/options.ts';
import type { PageEnd, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import { isByOrdinal, type Pagination } from '../core/pagination.ts';
import { ChainPlan } from './chain-plan.ts';
import { FanOutPlan } from './fan-out-plan.ts';
import { stoppedFarBeyond } from './far-beyond.ts';
import { OverlapFill } from './overlap-fill.ts';
import type { GrowingPlan, PlanState } from './plan.ts';
import { withRecheck } from './recheck.ts';
import { MOST_RESTARTS, RestartingChain } from './restarting-chain.ts';
import { halvesOf, isTooMuch, SlicePlan, sliceOfBranch } from './slices.ts';
import { SplitPlan, startOfSlice } from './split-plan.ts';
import type { Split } from './split-ranges.ts';
import type { ChainStyle, CountedStyle } from './styles/style.ts';
import { styleOf } from './styles/styles.ts';
import { findNearRange } from './written-url.ts';

export interface GrowingPlanOptions {
  readonly pagination: Pagination;
  /** What the user asked for, in place branch 0, position 0. */
  readonly start: PageRequest;
  /** Fetch a range in slices, each paged by itself. Default: none. */
  readonly split?: Split | null;
  /** Which pages are read again at the end. Default `auto`. */
  readonly recheck?: Recheck;
  /** Slices that are fetched at the same time. Default 16. */
  readonly activeSlices?: number;
  /** The user says how many pages are read at most, so a list may go on as far as it likes. Default false. */
  readonly isBounded?: boolean;
}

/**
 * The plan of a list that pages in a known way, whatever the style; a user's function has a plan of
 * its own (`createFunctionPlan`). Throws `EverypageError` `USAGE` where the request's body cannot
 * carry what the style or the split sets.
 *
 * @example
 * const plan = createGrowingPlan({ pagination, start });
 * for await (const batch of plan.batches()) {
 *   for (const request of batch) fetchPage(request).then((ended) => plan.onPage(request, ended));
 * }
 * console.log(plan.end().reason);
 */
export function createGrowingPlan(options: GrowingPlanOptions): GrowingPlan {
  const { pagination, start, split, recheck = 'auto', isBounded = false, ...more } = options;
  const planOf = planIn(pagination, isBounded);
  const state = split
    ? new SplitPlan({ split, pagination, start, planOf, ...more })
    : planOf(start, MOST_RESTARTS);
  return growingPlan(withRecheck(state, pagination, recheck));
}

/**
 * The part of the same plan that is read page after page in one branch and those after it: a slice, or
 * the whole list where it is not split. Nothing is read again at its end.
 */
export function createBranchPlan(options: GrowingPlanOptions, branch: number): GrowingPlan {
  const { pagination, start, split, isBounded = false } = options;
  const planOf = planIn(pagination, isBounded);
  if (!split) return growingPlan(planOf(start, MOST_RESTARTS));
  const slice = sliceOfBranch(split, branch);
  const mayBeDivided = halvesOf(slice) !== null;
  const plan = planOf(startOfSlice({ split, pagination, start }, slice), slice.restarts);
  return growingPlan(
    new SlicePlan(plan, (request, ended) => mayBeDivided && isTooMuch(pagination, request, ended)),
  );
}

/** The branches of such a part, the last one included, of which any is one. */
export function branchesOf(
  split: Split | null,
  branch: number,
): { readonly from: number; readonly to: number } {
  if (split === null) return { from: 0, to: MOST_RESTARTS };
  const { branch: from, restarts } = sliceOfBranch(split, branch);
  return { from, to: from + restarts };
}

/** Loads what only lists of many pages need: while their first page is waited for. */
export const loadPlans = (): Promise<unknown> => import('./fan-out-plan.ts');

/** The plan of the pages from a start on, in its branch and so many more. */
function planIn(
  pagination: Pagination,
  isBounded: boolean,
): (from: PageRequest, mostRestarts: number) => PlanState {
  return (from, mostRestarts) => {
    const style = styleOf(pagination);
    if (style === null) return new SinglePlan(from, pagination.records !== null);
    const state = pagedPlan(style, from, mostRestarts);
    return isBounded ? state : stoppedFarBeyond(state, pagination);
  };
  function pagedPlan(
    style: ChainStyle | CountedStyle,
    start: PageRequest,
    mostRestarts: number,
  ): PlanState {
    if (style.kind === 'counted') {
      const parts = { pagination, start, style };
      const plan = new FanOutPlan(parts);
      const overlaps = pagination.overlap > 0 && isByOrdinal(pagination);
      return overlaps ? new OverlapFill(parts, plan) : plan;
    }
    return new RestartingChain({
      start,
      planOf: (again) => new ChainPlan({ pagination, start: again, style }),
      hasKey: pagination.key !== null,
      mostRestarts,
    });
  }
}

const BATCH_LENGTH = 256;

/** The state as a plan that waits for what it does not know yet. What `onPage` throws, `batches` throws. */
export function growingPlan(state: PlanState): GrowingPlan {
  let changed = Promise.withResolvers<void>();
  let failure: { readonly error: unknown } | null = null;

  return {
    async *batches() {
      for (;;) {
        if (failure !== null) throw failure.error;
        const next = changed.promise;
        const requests = state.take(BATCH_LENGTH);
        if (requests.length > 0) yield requests;
        else if (state.end() !== null) return;
        else await next;
      }
    },
    onPage(request, ended) {
      try {
        state.onPage(request, ended);
      } catch (error) {
        failure ??= { error };
      }
      changed.resolve();
      changed = Promise.withResolvers();
    },
    known: () => state.known(),
    count: async () => null,
    end() {
      const end = state.end();
      if (end === null) throw new Error('the plan has not ended');
      return end;
    },
  };
}

/** One page, because nothing shows how to ask for another. */
class SinglePlan implements PlanState {
  readonly #request: PageRequest;
  readonly #hasRecords: boolean;
  #isAsked = false;
  #end: PlanEnd | null = null;

  /** @param hasRecords whether it is known where records stand; a total counts nothing else */
  constructor(start: PageRequest, hasRecords: boolean) {
    this.#hasRecords = hasRecords;
    this.#request = { ...start, place: { ...start.place, position: 0 } };
  }

  take(): readonly PageRequest[] {
    if (this.#isAsked) return [];
    this.#isAsked = true;
    return [this.#request];
  }

  onPage(_request: PageRequest, ended: PageEnd): void {
    const { branch } = this.#request.place;
    if (ended.state === 'beyond-end') {
      this.#end = { reason: 'past-end', detail: null, ends: [{ branch, position: 0 }] };
      return;
    }
    const reason = ended.state === 'stored' ? 'single' : 'broken';
    const detail = reason === 'single' ? nearRangeDetail(this.#request.url) : null;
    this.#end = { reason, detail, ends: [{ branch, position: 1 }] };
    if (ended.state !== 'stored') return;
    const { more, total, totalIsLowerBound, records } = ended.pageInfo;
    if (more === false) this.#end = { ...this.#end, detail: null, reason: 'stated' };
    else if (this.#hasRecords && total === records && !totalIsLowerBound && more === null) {
      this.#end = { ...this.#end, detail: null, reason: 'total' };
    }
  }

  known(): number {
    return 1;
  }

  end(): PlanEnd | null {
    return this.#end;
  }
}

/** Null where nothing more is known than that no pagination was detected. */
function nearRangeDetail(url: string): string | null {
  const piece = findNearRange(url);
  if (piece === null) return null;
  return `no pagination was detected, and ${piece} is not a range: it was sent as written. Ranges are [1-3], sets {a,b}`;
}
