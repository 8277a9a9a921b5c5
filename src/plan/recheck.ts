/** Pages that are read again when a plan has ended, so that a list which changed meanwhile shows it. */
import { ChainProof } from '../core/chain-proof.ts';
import type { Recheck } from '../core/options.ts';
import type { PlanEnd } from '../core/page-info.ts';
import { isRecheck, type PageRequest, RECHECK_BRANCH } from '../core/page-request.ts';
import { isByOrdinal, isParallel, type Pagination } from '../core/pagination.ts';
import type { PlanState } from './plan.ts';
import { unplaced } from './styles/style.ts';

/** Pages that `auto` reads again, at most. docs/verdicts.md has what that finds, by the length of a list. */
const MOST_AGAIN = 50;
/** Requests that are kept to choose from. */
const MOST_KEPT = 4 * MOST_AGAIN;
/** More than 1: the density of what is read again falls with the depth, as that of losses does. */
const SLOPE = 1.5;
/** Pages that may turn out to lie past the end: a window of them, and those that are said to be there. */
const MOST_PAST_END = 80;

/**
 * The plan, and when it has ended some of its pages once more, each at its own position in a branch for
 * rereadings. Nothing that comes of them changes how the plan ended.
 *
 * `auto` reads again what nothing else proves. Pages that overlap need no rereading, nor do chains
 * whose requests hold the last record's key; of other lists 50 pages are read again, spread over the list.
 */
export function withRecheck(state: PlanState, pagination: Pagination, recheck: Recheck): PlanState {
  const candidates = new Candidates(recheck);
  /** By branch. */
  const proofs = new Map<number, ChainProof>();
  let asked = 0;
  let again: PageRequest[] | null = null;
  let unanswered = 0;

  const choose = (end: PlanEnd): PageRequest[] => {
    if (
      asked === 1 ||
      end.reason === 'stuck' ||
      isNeedless(pagination, recheck, [...proofs.values()])
    )
      return [];
    const chosen = candidates.choose(end);
    // One response is not read while the list changes, if what it states is the end.
    const isOne = chosen.length === 1 && recheck === 'auto';
    if (isOne && (end.reason === 'total' || end.reason === 'stated')) return [];
    return chosen.map((request) => {
      const { branch, position } = request.place;
      return { ...unplaced(request), place: { branch: branch + RECHECK_BRANCH, position } };
    });
  };

  const proofOf = ({ place: { branch } }: PageRequest): ChainProof => {
    const proof = proofs.get(branch) ?? new ChainProof(pagination.style);
    proofs.set(branch, proof);
    return proof;
  };

  return {
    take(most) {
      const requests = state.take(most);
      const end = state.end();
      if (requests.length > 0 || end === null) return requests;
      if (again === null) {
        again = choose(end);
        unanswered = again.length;
      }
      return again.splice(0, most);
    },
    onPage(request, ended) {
      if (isRecheck(request.place)) {
        unanswered -= 1;
        return;
      }
      asked += 1;
      if (ended.state === 'stored') {
        candidates.add(request);
        proofOf(request).onPage(ended.pageInfo);
      }
      state.onPage(request, ended);
    },
    known: () => state.known(),
    end: () => (again === null || unanswered > 0 ? null : state.end()),
  };
}

function isNeedless(
  pagination: Pagination,
  recheck: Recheck,
  proofs: readonly ChainProof[],
): boolean {
  if (recheck !== 'auto') return recheck === 'none';
  if (isByOrdinal(pagination)) return pagination.overlap > 0;
  return !isParallel(pagination) && proofs.every(({ holds }) => holds);
}

/**
 * Requests of pages with records: the last ones, and of the others every `step`-th, so that their number
 * stays bounded however long the list is.
 */
class Candidates {
  readonly #share: number | null;
  readonly #isBounded: boolean;
  #kept: PageRequest[] = [];
  readonly #last: PageRequest[] = [];
  #step = 1;
  #seen = 0;

  constructor(recheck: Recheck) {
    this.#isBounded = recheck === 'auto';
    this.#share = shareOf(recheck);
  }

  add(request: PageRequest): void {
    const isKept = this.#seen % this.#step === 0;
    this.#seen += 1;
    if (isKept) this.#kept.push(request);
    this.#keepLast(request);
    if (!this.#isBounded || this.#kept.length <= MOST_KEPT) return;
    this.#kept = this.#kept.filter((_, index) => index % 2 === 0);
    this.#step *= 2;
  }

  #keepLast(request: PageRequest): void {
    const at = this.#last.findLastIndex((other) => comparePlaces(other, request) < 0) + 1;
    if (at === 0 && this.#last.length === MOST_PAST_END) return;
    this.#last.splice(at, 0, request);
    if (this.#last.length > MOST_PAST_END) this.#last.shift();
  }

  /** In page order. */
  choose(end: PlanEnd): readonly PageRequest[] {
    const endOf = new Map(end.ends.map(({ branch, position }) => [branch, position]));
    const isInside = ({ place }: PageRequest) => place.position < (endOf.get(place.branch) ?? 0);
    const last = this.#last.filter(isInside).at(-1);
    const all = new Set(this.#kept.filter(isInside));
    if (last !== undefined) all.add(last);
    const sorted = [...all].sort(comparePlaces);
    const most =
      this.#share === null
        ? Math.min(MOST_AGAIN, sorted.length)
        : Math.ceil(sorted.length * this.#share);
    return spread(sorted, most);
  }
}

function shareOf(recheck: Recheck): number | null {
  if (recheck === 'all') return 1;
  if (recheck === 'auto' || recheck === 'none') return null;
  return Number.parseFloat(recheck) / 100;
}

/** The first, the last, and others between, the denser the nearer they are to the start. */
function spread(sorted: readonly PageRequest[], most: number): readonly PageRequest[] {
  if (most >= sorted.length) return sorted;
  const chosen = new Set<number>();
  for (let index = 0; index < most; index++) {
    const depth = most === 1 ? 0 : (index / (most - 1)) ** SLOPE;
    let at = Math.round(depth * (sorted.length - 1));
    while (chosen.has(at)) at += 1;
    chosen.add(Math.min(at, sorted.length - 1));
  }
  return sorted.filter((_, index) => chosen.has(index));
}

function comparePlaces({ place: a }: PageRequest, { place: b }: PageRequest): number {
  return a.branch - b.branch || a.position - b.position;
}
