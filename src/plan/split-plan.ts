import { usageError } from '../core/errors.ts';
import type { Dropped, PageEnd, PlanEnd, Restart } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import type { PlanState } from './plan.ts';
import { setPart } from './request-parts.ts';
import { MOST_RESTARTS } from './restarting-chain.ts';
import {
  bisect,
  boundValues,
  type Split,
  type SplitRange,
  sliceAt,
  sliceCount,
} from './split-ranges.ts';

/** Branches that slices may take; the plan uses those above for other things. */
const BRANCHES = 2 ** 22;
const ACTIVE_SLICES = 16;

export interface SplitParts {
  readonly split: Split;
  readonly pagination: Pagination;
  readonly start: PageRequest;
  /**
   * The plan of one slice, in the branch that its start is in, and in so many after that where it has
   * to be read again.
   */
  readonly planOf: (start: PageRequest, mostRestarts: number) => PlanState;
  /** Slices that are fetched at the same time. Default 16. */
  readonly activeSlices?: number;
}

/** A slice and the branches it and its halves may take. */
interface Slice {
  readonly range: SplitRange;
  readonly branch: number;
  readonly width: number;
  /** How many branches after the first are for reading the slice again. */
  readonly restarts: number;
}

interface ActiveSlice extends Slice {
  readonly plan: PlanState;
}

/**
 * Disjoint slices of a range, each paged by itself, several at a time. A slice that holds more than
 * the server gives is bisected, down to the smallest there can be.
 *
 * Branches keep the order. Slice i has the branches from `i * width` on. Its pages are in the first of
 * them, or in one of the few after it where it was read again. Where it is bisected, its lower half
 * takes the lower half of the other branches; pages that came before that are not part of the list.
 */
export class SplitPlan implements PlanState {
  readonly #parts: SplitParts;
  readonly #count: number;
  readonly #width: number;
  /** Halves of bisected slices. */
  readonly #halves: Slice[] = [];
  readonly #active = new Map<number, ActiveSlice>();
  #started = 0;
  #knownDone = 0;
  readonly #ends: PlanEnd['ends'][number][] = [];
  readonly #restarts: Restart[] = [];
  /** A slice has said something of the page after it, so that where others say nothing they end. */
  #hasSpoken = false;
  /** The first of each kind: a number that one slice contradicts means nothing in the others. */
  readonly #dropped = new Map<Dropped['what'], Dropped>();
  #worst: Pick<PlanEnd, 'reason' | 'detail'> | null = null;

  constructor(parts: SplitParts) {
    this.#parts = parts;
    this.#count = sliceCount(parts.split);
    this.#width = 2 ** Math.floor(Math.log2((BRANCHES - 1) / this.#count));
  }

  take(most: number): readonly PageRequest[] {
    const requests: PageRequest[] = [];
    const slices = [...this.#active.values()].sort((a, b) => a.branch - b.branch);
    for (const { plan } of slices) {
      if (requests.length === most) break;
      requests.push(...plan.take(most - requests.length));
    }
    while (requests.length < most && this.#isRoomLeft()) {
      const slice = this.#nextSlice();
      if (slice === null) break;
      const { plan } = this.#begin(slice);
      requests.push(...plan.take(most - requests.length));
    }
    return requests;
  }

  onPage(request: PageRequest, ended: PageEnd): void {
    const slice = this.#sliceOf(request.place.branch);
    if (slice === undefined) return;
    const isTooMuch = request.place.position === 0 && this.#exceedsCeiling(ended);
    if (isTooMuch && this.#bisect(slice)) return;
    slice.plan.onPage(request, ended);
    if (ended.state === 'stored') {
      this.#hasSpoken ||= ended.pageInfo.next !== null || ended.pageInfo.more !== null;
    }
    const end = slice.plan.end();
    if (end === null || (end.reason === 'ceiling' && this.#bisect(slice))) return;
    this.#active.delete(slice.branch);
    this.#knownDone += slice.plan.known() ?? 0;
    this.#ends.push(...end.ends);
    this.#restarts.push(...(end.restarts ?? []));
    for (const each of end.dropped ?? []) {
      if (!this.#dropped.has(each.what)) this.#dropped.set(each.what, each);
    }
    this.#worsen(slice.range, end);
  }

  known(): number | null {
    if (this.#started < this.#count || this.#halves.length > 0) return null;
    let known = this.#knownDone;
    for (const { plan } of this.#active.values()) {
      const count = plan.known();
      if (count === null) return null;
      known += count;
    }
    return known;
  }

  end(): PlanEnd | null {
    const isDone =
      this.#started === this.#count && this.#halves.length === 0 && this.#active.size === 0;
    if (!isDone || this.#worst === null) return null;
    const ends = this.#ends.toSorted((a, b) => a.branch - b.branch);
    const restarts = this.#restarts.toSorted((a, b) => a.branch - b.branch);
    const isStated = this.#hasSpoken && this.#worst.reason === 'short';
    return {
      ...this.#worst,
      ...(isStated ? { reason: 'stated' } : {}),
      ends,
      ...(restarts.length === 0 ? {} : { restarts }),
      ...(this.#dropped.size === 0 ? {} : { dropped: [...this.#dropped.values()] }),
    };
  }

  #sliceOf(branch: number): ActiveSlice | undefined {
    const exact = this.#active.get(branch);
    if (exact !== undefined) return exact;
    const slices = [...this.#active.values()];
    return slices.find((it) => branch > it.branch && branch <= it.branch + it.restarts);
  }

  #isRoomLeft(): boolean {
    return this.#active.size < (this.#parts.activeSlices ?? ACTIVE_SLICES);
  }

  #nextSlice(): Slice | null {
    const half = this.#halves.shift();
    if (half !== undefined) return half;
    if (this.#started === this.#count) return null;
    const index = this.#started++;
    const range = sliceAt(this.#parts.split, index);
    return sliceIn(range, index * this.#width, this.#width);
  }

  #begin(slice: Slice): ActiveSlice {
    const plan = this.#parts.planOf(this.#startOf(slice), slice.restarts);
    const active = { ...slice, plan };
    this.#active.set(slice.branch, active);
    return active;
  }

  #startOf({ range, branch }: Slice): PageRequest {
    const { split, pagination, start } = this.#parts;
    const values = boundValues(split, range);
    const carrier = pagination.carrier === 'body' ? 'body' : 'query';
    const isLiteral = split.scale === 'integer';
    const withLower = setPart(start, carrier, split.bounds.lower, {
      text: values.lower,
      isLiteral,
    });
    const request =
      withLower &&
      setPart(withLower, carrier, split.bounds.upper, { text: values.upper, isLiteral });
    if (!request) {
      throw usageError(
        `--split cannot set ${split.bounds.lower} in the request's body: it is not JSON`,
      );
    }
    return { ...request, place: { branch, position: 0 } };
  }

  #exceedsCeiling(ended: PageEnd): boolean {
    const { ceiling } = this.#parts.pagination;
    if (ceiling === null || ended.state !== 'stored') return false;
    const { total, totalIsLowerBound } = ended.pageInfo;
    return total !== null && (total > ceiling || (totalIsLowerBound && total === ceiling));
  }

  /** False where the slice or its branches cannot be divided further. */
  #bisect({ range, branch, width, restarts }: ActiveSlice): boolean {
    const halves = bisect(range);
    const from = branch + 1 + restarts;
    const left = width - 1 - restarts;
    if (halves === null || left < 2) return false;
    const middle = from + Math.floor(left / 2);
    this.#active.delete(branch);
    this.#ends.push({ branch, position: 0 });
    this.#halves.push(
      sliceIn(halves[0], from, middle - from),
      sliceIn(halves[1], middle, branch + width - middle),
    );
    this.#halves.sort((a, b) => a.branch - b.branch);
    return true;
  }

  #worsen(range: SplitRange, { reason, detail }: PlanEnd): void {
    const before = this.#worst;
    if (before !== null && severity(before.reason) >= severity(reason)) return;
    const { lower, upper } = boundValues(this.#parts.split, range);
    const { bounds } = this.#parts.split;
    const name = `${bounds.lower}=${lower}, ${bounds.upper}=${upper}`;
    this.#worst = { reason, detail: detail === null ? null : `${name}: ${detail}` };
  }
}

function sliceIn(range: SplitRange, branch: number, width: number): Slice {
  // Where a slice has few branches, fewer are kept for reading it again, so that it can be bisected.
  const restarts = width >= 1024 ? MOST_RESTARTS : width >= 64 ? 3 : 0;
  return { range, branch, width, restarts };
}

/** From the best to the worst: the whole ends as its worst slice does. */
const reasons = [
  'list',
  'total',
  'stated',
  'short',
  'past-end',
  'single',
  'ceiling',
  'stuck',
  'loop',
  'broken',
] as const satisfies readonly PlanEnd['reason'][];

function severity(reason: PlanEnd['reason']): number {
  return reasons.indexOf(reason);
}
