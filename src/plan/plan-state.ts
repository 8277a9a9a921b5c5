import type { PageEnd, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { GrowingPlan } from './plan.ts';

/**
 * A plan that learns, without the waiting: what can be asked for now, and what the answers teach.
 * Plain state, so that several can be run side by side as one.
 *
 * The same page infos lead to the same requests in the same places, whatever order they come in. Where
 * totals change under way it may depend on the order whether a page past the end is asked for.
 */
export interface PlanState {
  /** At most `most` requests that may be asked for now; none where answers have to come first. */
  take(most: number): readonly PageRequest[];
  onPage(request: PageRequest, ended: PageEnd): void;
  known(): number | null;
  /** Null until every request is answered and nothing is left to ask for. */
  end(): PlanEnd | null;
}

const BATCH_LENGTH = 256;

/** The state as a plan that waits for what it does not know yet. What `learn` throws, `batches` throws. */
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
    end: () => endOf(state),
  };
}

function endOf(state: PlanState): PlanEnd {
  const end = state.end();
  if (end === null) throw new Error('the plan has not ended');
  return end;
}
