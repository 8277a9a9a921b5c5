import type { PageEnd, PageInfo, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import { endlessText, MOST_MEAGRE_PAGES } from './fan-out-end.ts';
import { type GridParts, PageGrid } from './page-grid.ts';
import type { PlanState } from './plan.ts';
import { Totals } from './totals.ts';

/** Ends after which no gap is filled. */
const finalReasons = new Set<PlanEnd['reason']>(['broken', 'stuck', 'loop', 'ceiling', 'single']);

/** Ordinals: from ≤ n < to; `to` is null where the list's end is not known. */
interface Hole {
  readonly from: number;
  readonly to: number | null;
}

/**
 * A list whose pages overlap. Where the server lowers its page size to the overlap or below, pages
 * bring nothing new. The records that no page covers are then requested from the first missing ordinal
 * on. A page's position is an overlap behind the ordinal that was requested. A page with records at a
 * gap's position would have closed the gap, so no position is requested twice.
 */
export class OverlapFill implements PlanState {
  readonly #parts: GridParts;
  readonly #plan: PlanState;
  readonly #grid: PageGrid;
  readonly #totals: Totals;
  /** Ordinals that pages with records cover, in order; adjacent ranges are joined. */
  #covered: { from: number; to: number }[] = [];
  readonly #asked = new Set<number>();
  readonly #queue: PageRequest[] = [];
  #outstanding = 0;
  #filled = 0;
  /** Fills in a row that brought one record. */
  #meagre = 0;
  #overlap = 0;
  #firstRecords = 1;
  /** A page after the first was no longer than the overlap. */
  #isLowered = false;
  /** How far the records reach, and the first of the pages that reach so far. */
  #top = { to: 0, position: 0 };
  /** Where the records ended on a page that said that it is the last. */
  #lastTo = 0;
  #failedEnd = 0;
  #end: PlanEnd | null = null;

  constructor(parts: GridParts, plan: PlanState) {
    this.#parts = parts;
    this.#plan = plan;
    this.#grid = new PageGrid(parts);
    this.#totals = new Totals(this.#grid);
  }

  take(most: number): readonly PageRequest[] {
    const requests =
      this.#plan.end() === null ? this.#plan.take(most) : this.#queue.splice(0, most);
    for (const { place } of requests) this.#asked.add(place.position);
    this.#outstanding += requests.length;
    return requests;
  }

  onPage(request: PageRequest, ended: PageEnd): void {
    const { position } = request.place;
    const isFill = this.#plan.end() !== null;
    this.#outstanding -= 1;
    if (ended.state === 'stored') this.#cover(position, ended.pageInfo);
    if (!isFill) this.#plan.onPage(request, ended);
    else if (ended.state === 'failed') this.#failedEnd = Math.max(this.#failedEnd, position + 1);
    if (isFill)
      this.#meagre =
        ended.state === 'stored' && ended.pageInfo.records === 1 ? this.#meagre + 1 : 0;
    const end = this.#plan.end();
    if (end === null || this.#end !== null) return;
    if (this.#outstanding > 0 || this.#queue.length > 0) return;
    const most = MOST_MEAGRE_PAGES.records;
    if (this.#meagre >= most && this.#totals.records === null) {
      const detail = endlessText(this.#top.to, most);
      this.#end = { ...this.#ended(end), reason: 'broken', detail };
      return;
    }
    const holes = this.#holes(end);
    if (holes.length === 0) this.#end = this.#ended(end);
    for (const hole of holes) this.#fill(hole);
  }

  known(): number | null {
    const known = this.#plan.known();
    return known === null || (this.#isLowered && this.#end === null) ? null : known + this.#filled;
  }

  end(): PlanEnd | null {
    return this.#end;
  }

  #cover(position: number, pageInfo: PageInfo): void {
    const { records } = pageInfo;
    if (position === 0) {
      this.#firstRecords = Math.max(1, records);
      this.#overlap = Math.max(0, Math.min(this.#parts.pagination.overlap, records - 1));
      this.#grid.onFirst(pageInfo);
    }
    const from = position - Math.min(position, this.#overlap);
    // A total that a page past the end states does not count.
    this.#totals.onPage(from, pageInfo);
    // Past the end some servers give an earlier page again, which covers nothing.
    if (records === 0 || this.#isRepeated(position, pageInfo)) return;
    if (position > 0 && records <= this.#overlap) this.#isLowered = true;
    const to = from + records;
    if (pageInfo.more === false) this.#lastTo = Math.max(this.#lastTo, to);
    const isFirst = to > this.#top.to || (to === this.#top.to && position < this.#top.position);
    if (isFirst) this.#top = { to, position };
    this.#covered.push({ from, to });
    this.#covered.sort((a, b) => a.from - b.from);
    const joined: { from: number; to: number }[] = [];
    for (const range of this.#covered) {
      const last = joined.at(-1);
      if (last === undefined || range.from > last.to) joined.push(range);
      else last.to = Math.max(last.to, range.to);
    }
    this.#covered = joined;
  }

  #isRepeated(position: number, { recordsSeenAt }: PageInfo): boolean {
    const { branch } = this.#parts.start.place;
    return (
      recordsSeenAt !== null && recordsSeenAt.branch === branch && recordsSeenAt.position < position
    );
  }

  #holes(end: PlanEnd): readonly Hole[] {
    if (!this.#isLowered || finalReasons.has(end.reason)) return [];
    const { records, isLowerBound } = this.#totals;
    const total = records === null || isLowerBound ? null : records;
    const holes: Hole[] = [];
    let at = 0;
    for (const { from, to } of this.#covered) {
      if (from > at) holes.push({ from: at, to: from });
      at = to;
    }
    if (total === null && this.#lastTo < at) holes.push({ from: at, to: null });
    else if (total !== null && at < total) holes.push({ from: at, to: total });
    return holes.filter(({ from }) => !this.#asked.has(from + this.#overlap));
  }

  #fill({ from, to }: Hole): void {
    const position = from + this.#overlap;
    const isOpen = to === null;
    const until = from + Math.min(this.#firstRecords, isOpen ? this.#firstRecords : to - from);
    this.#filled += 1;
    this.#queue.push(this.#grid.request(position, until, isOpen));
  }

  #ended(end: PlanEnd): PlanEnd {
    const [own] = end.ends;
    const reached = Math.max(this.#top.position + 1, this.#failedEnd);
    if (own === undefined || (this.#filled === 0 && reached <= own.position)) return end;
    const { to } = this.#top;
    const { records, isLowerBound } = this.#totals;
    const isAll = records === to && !isLowerBound;
    const reason = isAll ? 'total' : this.#lastTo >= to ? 'stated' : 'past-end';
    return { reason, detail: null, ends: [{ ...own, position: Math.max(own.position, reached) }] };
  }
}
