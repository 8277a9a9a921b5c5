import type { NextStep, PageEnd, PageInfo, PlanEnd } from '../../src/core/page-info.ts';
import type { PageRequest, Place } from '../../src/core/page-request.ts';
import { noPagination, type Pagination } from '../../src/core/pagination.ts';
import type { PlanState } from '../../src/plan/plan.ts';
import { getQueryParameter } from '../../src/plan/query-parameter.ts';
import { pageInfoOf as infoOf } from '../archive/sample-pages.ts';

/** An API that lists the numbers from 0 to `total` - 1. */
export interface SimulatedApi {
  readonly total: number;
  /** Records in a page, unless the request or a clamp says less. */
  readonly size: number;
  /** The most records it gives in a page that begins at an ordinal. */
  readonly clamp?: (ordinal: number) => number;
  readonly says?: 'total' | 'lower-bound' | 'pages' | 'more' | 'nothing';
  /** What it says of the total at an ordinal; default `total`. */
  readonly totalAt?: (ordinal: number) => number;
  readonly pastEnd?: 'empty' | 'last-again' | 'first-again' | number;
  /** It gives no record from here on. */
  readonly ceiling?: number;
  /** A page that begins with this ordinal fails (500) or is refused once (404). */
  readonly fails?: (ordinal: number) => boolean;
  readonly refusesOnce?: Set<number>;
}

export const pageInfoOf = (given: Partial<PageInfo>): PageInfo => infoOf(0, given);

export const stored = (given: Partial<PageInfo>): PageEnd => ({
  state: 'stored',
  pageInfo: pageInfoOf(given),
});

export const startAt = (url: string, method: 'GET' | 'POST' = 'GET'): PageRequest => ({
  place: { branch: 0, position: 0 },
  method,
  url,
  body: null,
  source: null,
});

export const paginationOf = (given: Partial<Pagination>): Pagination => ({
  ...noPagination,
  ...given,
});

export interface Answer {
  readonly records: readonly number[];
  readonly ended: PageEnd;
}

/** Answers a counted page: `?page=` from 1, `?offset=` or `Range`, with `?limit=`. */
export function answerCounted(api: SimulatedApi, request: PageRequest): Answer {
  const { total, size, clamp = () => Number.POSITIVE_INFINITY, says = 'total' } = api;
  const number = (name: string) => {
    const text = getQueryParameter(request.url, name);
    return text === null ? null : Number(text);
  };
  const range = /^items=(\d+)-(\d+)$/.exec(request.headers?.['range'] ?? '');
  const page = number('page');
  const asked =
    range === null ? (number('limit') ?? size) : Number(range[2]) - Number(range[1]) + 1;
  const ordinal =
    range === null ? (number('offset') ?? ((page ?? 1) - 1) * size) : Number(range[1]);
  const length = Math.min(asked, clamp(ordinal));
  const last = Math.min(total, api.ceiling ?? total);
  const refused = (status: number): Answer => ({
    records: [],
    ended: { state: request.speculative ? 'beyond-end' : 'failed', status },
  });
  if (api.fails?.(ordinal)) return { records: [], ended: { state: 'failed', status: 500 } };
  if (api.refusesOnce?.delete(ordinal)) return refused(404);
  let from = ordinal;
  if (ordinal >= last && ordinal > 0) {
    if (typeof api.pastEnd === 'number') return refused(api.pastEnd);
    if (api.pastEnd === 'first-again') from = 0;
    if (api.pastEnd === 'last-again') from = Math.floor((last - 1) / size) * size;
  }
  const records = numbers(from, Math.min(from + length, last));
  const saidTotal = api.totalAt?.(ordinal) ?? total;
  return {
    records,
    ended: stored({
      ...contentOf(records),
      total: says === 'total' || says === 'lower-bound' ? saidTotal : null,
      totalIsLowerBound: says === 'lower-bound',
      totalPages: says === 'pages' ? Math.ceil(saidTotal / size) : null,
      more: says === 'more' ? from + records.length < last : null,
    }),
  };
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

export function contentOf(records: readonly number[]): Partial<PageInfo> {
  return {
    records: records.length,
    digest: records.length === 0 ? null : records.join(),
    firstKey: records.length === 0 ? null : String(records[0]),
    lastKey: records.length === 0 ? null : String(records.at(-1)),
  };
}

export interface Driven {
  readonly end: PlanEnd;
  /** In the order they were asked for. */
  readonly asked: readonly PageRequest[];
  readonly pages: ReadonlyMap<
    string,
    { readonly place: Place; readonly records: readonly number[] }
  >;
  readonly failed: readonly Place[];
  readonly mostOutstanding: number;
}

/**
 * Runs a plan to its end: up to `concurrency` pages at a time are on their way, and which of them is
 * answered next is drawn from `seed`. What was seen before is filled in as the archive does.
 */
export function drive(
  plan: PlanState,
  answer: (request: PageRequest) => Answer,
  { seed = 1, concurrency = 20 }: { seed?: number; concurrency?: number } = {},
): Driven {
  const random = randomOf(seed);
  const asked: PageRequest[] = [];
  const pages = new Map<string, { place: Place; records: readonly number[] }>();
  const failed: Place[] = [];
  const onTheWay: PageRequest[] = [];
  const seen = new Map<string, Place>();
  let mostOutstanding = 0;
  const firstSight = (branch: number, what: string, place: Place): Place | null => {
    const known = seen.get(`${branch} ${what}`);
    if (known === undefined) seen.set(`${branch} ${what}`, place);
    return known ?? null;
  };
  for (;;) {
    if (onTheWay.length < concurrency) {
      const taken = plan.take(1 + Math.floor(random() * 40));
      asked.push(...taken);
      onTheWay.push(...taken);
      mostOutstanding = Math.max(mostOutstanding, onTheWay.length);
    }
    if (onTheWay.length === 0) break;
    if (asked.length > 200_000) throw new Error('the plan does not end');
    const [request] = onTheWay.splice(Math.floor(random() * onTheWay.length), 1);
    const { place } = request!;
    const { ended, records } = answer(request!);
    if (ended.state === 'stored') {
      const { pageInfo } = ended;
      pages.set(`${place.branch} ${place.position}`, { place, records });
      const recordsSeenAt =
        pageInfo.digest === null ? null : firstSight(place.branch, `r${pageInfo.digest}`, place);
      const nextSeenAt =
        pageInfo.next === null
          ? null
          : firstSight(place.branch, `n${nameOf(pageInfo.next)}`, place);
      plan.onPage(request!, stored({ ...pageInfo, recordsSeenAt, nextSeenAt }));
    } else {
      if (ended.state === 'failed') failed.push(place);
      plan.onPage(request!, ended);
    }
  }
  const end = plan.end();
  if (end === null) throw new Error('the plan waits for an answer though nothing is on its way');
  return { end, asked, pages, failed, mostOutstanding };
}

function nameOf(next: NextStep): string {
  return JSON.stringify(next);
}

/** The records of pages inside the plan, in order; by ordinals each one once. */
export function recordsOf(
  { end, pages }: Driven,
  by: 'ordinal' | 'page',
  overlapAt: (position: number) => number = () => 0,
): number[] {
  const endOf = new Map(end.ends.map(({ branch, position }) => [branch, position]));
  const inside = [...pages.values()]
    .filter(({ place }) => place.position < (endOf.get(place.branch) ?? 0))
    .sort((a, b) => a.place.branch - b.place.branch || a.place.position - b.place.position);
  if (by === 'page') return inside.flatMap(({ records }) => records);
  const out: number[] = [];
  let branch = -1;
  let reached = 0;
  for (const { place, records } of inside) {
    if (place.branch !== branch) reached = 0;
    branch = place.branch;
    const fresh = records.slice(overlapAt(place.position));
    out.push(...fresh.slice(Math.max(0, reached - place.position)));
    reached = Math.max(reached, place.position + fresh.length);
  }
  return out;
}

/** xorshift32 */
function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
