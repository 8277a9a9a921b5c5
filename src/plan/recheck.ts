import type { PlanEnd } from '../core/page-info.ts';
import { type PageRequest, RECHECK_BRANCH } from '../core/page-request.ts';
import type { GrowingPlan } from './plan.ts';

/** Pages that may turn out to lie past the end: a window of them, and those that are said to be there. */
const MOST_PAST_END = 80;

/** The first and the last pages of a branch that had records, in order. */
interface Edges {
  first: PageRequest;
  readonly last: PageRequest[];
}

/**
 * The plan, and when it has ended its first and its last page once more, in positions 0 and 1 of
 * `RECHECK_BRANCH`: what they hold then shows whether the list changed meanwhile. Where one page alone
 * had records it is read again if another was asked for to find the end. Nothing that comes of it
 * changes how the plan ended.
 */
export function withRecheck(plan: GrowingPlan): GrowingPlan {
  const edges = new Map<number, Edges>();
  const answered = Promise.withResolvers<void>();
  let asked = 0;
  let left = 0;

  return {
    async *batches() {
      yield* plan.batches();
      const requests = recheckRequests(edges, plan.end(), asked);
      if (requests.length === 0) return;
      left = requests.length;
      yield requests;
      await answered.promise;
    },
    onPage(request, ended) {
      const { branch } = request.place;
      if (branch === RECHECK_BRANCH) {
        left -= 1;
        if (left === 0) answered.resolve();
        return;
      }
      asked += 1;
      if (ended.state === 'stored' && ended.pageInfo.records > 0) {
        const edge = edges.get(branch);
        if (edge === undefined) edges.set(branch, { first: request, last: [request] });
        else keepEdges(edge, request);
      }
      plan.onPage(request, ended);
    },
    known: () => plan.known(),
    count: () => plan.count(),
    end: () => plan.end(),
  };
}

function keepEdges(edges: Edges, request: PageRequest): void {
  const { position } = request.place;
  const { first, last } = edges;
  if (position < first.place.position) edges.first = request;
  const at = last.findLastIndex(({ place }) => place.position < position) + 1;
  if (at === 0 && last.length === MOST_PAST_END) return;
  last.splice(at, 0, request);
  if (last.length > MOST_PAST_END) last.shift();
}

function recheckRequests(
  edges: ReadonlyMap<number, Edges>,
  end: PlanEnd,
  asked: number,
): PageRequest[] {
  const endOf = new Map(end.ends.map(({ branch, position }) => [branch, position]));
  const inside = [...edges.values()]
    .flatMap(({ first, last }) => [first, ...last])
    .filter(({ place }) => place.position < (endOf.get(place.branch) ?? 0))
    .sort((a, b) => a.place.branch - b.place.branch || a.place.position - b.place.position);
  const first = inside[0];
  const last = inside.at(-1);
  if (first === undefined || last === undefined || asked === 1 || end.reason === 'stuck') return [];
  return (first === last ? [first] : [first, last]).map(
    ({ speculative: _, ...request }, position) => ({
      ...request,
      place: { branch: RECHECK_BRANCH, position },
    }),
  );
}
