import { usageError } from '../core/errors.ts';
import type { Dropped, PageEnd, PlanEnd, Restart } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import type { PlanState } from './plan.ts';
import { setPart } from './request-parts.ts';
import { halvesOf, isTooMuch, type Slice, sliceOf } from './slices.ts';
import { boundValues, type Split, type SplitRange, sliceCount } from './split-ranges.ts';

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

interface ActiveSlice extends Slice {
  readonly plan: PlanState;
}

/**
 * Disjoint slices of a range, each paged by itself, several at a time. A slice that holds more than
 * the server gives is bisected, down to the smallest there can be.
 */
export class SplitPlan implements PlanState {
  readonly #parts: SplitParts;
  readonly #count: number;
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
    if (isTooMuch(this.#parts.pagination, request, ended) && this.#bisect(slice)) return;
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
    return sliceOf(this.#parts.split, this.#started++);
  }

  #begin(slice: Slice): ActiveSlice {
    const plan = this.#parts.planOf(startOfSlice(this.#parts, slice), slice.restarts);
    const active = { ...slice, plan };
    this.#active.set(slice.branch, active);
    return active;
  }

  /** False where the slice or its branches cannot be divided further. */
  #bisect(slice: ActiveSlice): boolean {
    const halves = halvesOf(slice);
    if (halves === null) return false;
    this.#active.delete(slice.branch);
    this.#ends.push({ branch: slice.branch, position: 0 });
    this.#halves.push(...halves);
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

/** The first request of a slice. @throws EverypageError USAGE where the body cannot carry its bounds */
export function startOfSlice(
  { split, pagination, start }: Pick<SplitParts, 'split' | 'pagination' | 'start'>,
  { range, branch }: Slice,
): PageRequest {
  const values = boundValues(split, range);
  const carrier = pagination.carrier === 'body' ? 'body' : 'query';
  const isLiteral = split.scale === 'integer';
  const withLower = setPart(start, carrier, split.bounds.lower, { text: values.lower, isLiteral });
  const request =
    withLower && setPart(withLower, carrier, split.bounds.upper, { text: values.upper, isLiteral });
  if (!request) {
    throw usageError(
      `--split cannot set ${split.bounds.lower} in the request's body: it is not JSON`,
    );
  }
  return { ...request, place: { branch, position: 0 } };
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
