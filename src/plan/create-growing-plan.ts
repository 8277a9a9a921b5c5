import type { PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { ChainPlan } from './chain-plan.ts';
import { FanOutPlan } from './fan-out-plan.ts';
import { OverlapFill } from './overlap-fill.ts';
import type { GrowingPlan } from './plan.ts';
import { growingPlan, type PlanState } from './plan-state.ts';
import { withRecheck } from './recheck.ts';
import { MOST_RESTARTS, RestartingChain } from './restarting-chain.ts';
import { SinglePlan } from './single-plan.ts';
import { SplitPlan } from './split-plan.ts';
import type { Split } from './split-ranges.ts';
import { styleOf } from './styles/style-of.ts';

export interface GrowingPlanOptions {
  readonly pagination: Pagination;
  /** What the user asked for, in place branch 0, position 0. */
  readonly start: PageRequest;
  /** Fetch a range in slices, each paged by itself. Default: none. */
  readonly split?: Split | null;
  /** Slices that are fetched at the same time. Default 16. */
  readonly activeSlices?: number;
  /** Read the first and the last page again at the end. Default true. */
  readonly recheck?: boolean;
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
  const { pagination, start, split, activeSlices, recheck = true } = options;
  const planOf = (from: PageRequest, mostRestarts: number): PlanState => {
    const style = styleOf(pagination.style);
    if (style === null) return new SinglePlan(from, pagination.records !== null);
    if (style.kind === 'counted') {
      const parts = { pagination, start: from, style };
      const plan = new FanOutPlan(parts);
      const overlaps = pagination.overlap > 0 && pagination.style !== 'page';
      return overlaps ? new OverlapFill(parts, plan) : plan;
    }
    return new RestartingChain({
      start: from,
      planOf: (again) => new ChainPlan({ pagination, start: again, style }),
      hasKey: pagination.key !== null,
      mostRestarts,
    });
  };
  const state = split
    ? new SplitPlan({
        split,
        pagination,
        start,
        planOf,
        ...(activeSlices === undefined ? {} : { activeSlices }),
      })
    : planOf(start, MOST_RESTARTS);
  const plan = growingPlan(state);
  return recheck ? withRecheck(plan) : plan;
}
