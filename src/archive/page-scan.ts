/** What the infos of a list's pages say together, read once, in page order, without a body. */
import type { PageInfo, PlanEnd } from '../core/page-info.ts';
import { type Place, RECHECK_BRANCH } from '../core/page-request.ts';
import { factsOf, isByOrdinal, type Pagination } from '../core/pagination.ts';
import type { RecordEvidence } from '../core/summary.ts';
import type { PageState } from './archive-types.ts';
import { readPageInfo } from './kept-json.ts';
import { compareKeys, type KeyComparison } from './key-scan.ts';
import { placeColumns, RECHECK_PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

/** A page that was read a second time; `place` is where it was read first. */
export interface SecondReading {
  readonly place: Place;
  readonly isChanged: boolean;
  readonly isRead: boolean;
  /** The server says that there is no such page any more. */
  readonly isGone: boolean;
}

/** What is counted page by page. */
const nothing = {
  /** Stored or failed. */
  pages: 0,
  /** Each ordinal once where the API pages by offset. */
  records: 0,
  /** Ordinals that were read more than once. */
  readAgain: 0,
  /** Places of the plan that have no end state, which only a damaged or unfinished plan has. */
  missingPages: 0,
  /** Stored pages without a page info. */
  withoutInfo: 0,
  /** Boundaries of neighbouring pages, and those at which the first key is the last one of the page before. */
  boundaries: 0,
  sharedBoundaries: 0,
  /** Pages past the end that should have repeated records, and did not have them all. */
  shortened: 0,
};

/** What the pages inside the plan's ends say together. */
export interface PageFacts extends Readonly<typeof nothing> {
  readonly gaps: RecordEvidence['gaps'];
  readonly secondReadings: readonly SecondReading[];
  /** Totals are of the whole list, of which so much lies before the first page asked for. */
  readonly skippedRecords: number;
  readonly skippedPages: number;
  readonly totalAtStart: number | null;
  readonly totalAtEnd: number | null;
  /** A total of a page that is another than at the start, and at the end. */
  readonly totalBetween: number | null;
  /** So many at least, where the server says no more than that. */
  readonly leastTotal: number | null;
  readonly totalPagesAtStart: number | null;
  readonly totalPagesAtEnd: number | null;
  readonly totalPagesBetween: number | null;
  /** Numbers that counted for nothing, and why: sentences without a full stop. */
  readonly notes: readonly string[];
}

const MOST_GAPS = 100;

type Row = [
  branch: number,
  position: number,
  state: PageState,
  pageInfo: string | null,
  readAt: number | null,
  status: number | null,
];

interface Read {
  readonly place: Place;
  readonly pageInfo: PageInfo;
  /** Milliseconds since 1970. */
  readonly readAt: number;
}

/** Holds two pages at a time. */
export function scanPages(
  connection: Connection,
  pagination: Pagination,
  ends: PlanEnd['ends'],
  dropped: PlanEnd['dropped'] = [],
): PageFacts {
  const rows = connection.query<Row>(
    `SELECT ${placeColumns('page.place')}, page.state, page_info.text, page_info.read_at,
         CASE WHEN page.place >= ${RECHECK_PLACE} OR page.state = 'beyond-end'
           THEN (SELECT status FROM content WHERE id = page.content) END
       FROM page LEFT JOIN page_info ON page_info.place = page.place
       ${pagination.overlap > 0 ? '' : "WHERE page.state <> 'beyond-end'"} ORDER BY page.place`,
  );
  const scan = new PageScan(pagination, ends, compareKeys(connection));
  for (const [branch, position, state, text, readAt, status] of rows.iterate()) {
    const place = { branch, position };
    const said = text === null ? null : readPageInfo(text, connection);
    const pageInfo = said === null ? null : withoutDropped(said, dropped);
    const read = pageInfo === null ? null : { place, pageInfo, readAt: readAt ?? 0 };
    if (branch === RECHECK_BRANCH) scan.readAgain(position, read, status);
    else if (state === 'beyond-end') scan.pastEnd(place, read, status);
    else scan.page(place, state, read);
  }
  return scan.facts();
}

/** What pages contradict is not held against them. */
function withoutDropped(pageInfo: PageInfo, dropped: NonNullable<PlanEnd['dropped']>): PageInfo {
  let left = pageInfo;
  for (const { what } of dropped) {
    // Whether there is more is for the plan alone.
    if (what !== 'more') left = { ...left, [what]: null };
  }
  return left;
}

class PageScan {
  readonly #pagination: Pagination;
  readonly #byOrdinal: boolean;
  readonly #ends: Map<number, number>;
  readonly #haveSameKeys: KeyComparison;
  readonly #tally = { ...nothing };
  readonly #gaps: RecordEvidence['gaps'][number][] = [];
  readonly #secondReadings: SecondReading[] = [];
  readonly #byPage = { total: new ByPage(), totalPages: new ByPage() };
  readonly #ended: BranchScan[] = [];
  #branch: BranchScan | null = null;
  #first: Read | null = null;
  #last: Read | null = null;
  #previous: Read | null = null;
  #largestPage = 0;

  constructor(pagination: Pagination, ends: PlanEnd['ends'], haveSameKeys: KeyComparison) {
    this.#pagination = pagination;
    this.#byOrdinal = isByOrdinal(pagination);
    this.#ends = new Map(ends.map(({ branch, position }) => [branch, position]));
    this.#haveSameKeys = haveSameKeys;
  }

  page(place: Place, state: PageState, read: Read | null): void {
    if (this.#branch?.number !== place.branch) {
      this.#endBranch();
      this.#branch = new BranchScan(place.branch);
    }
    const branch = this.#branch;
    this.#tally.pages += 1;
    branch.pages += 1;
    branch.highest = place.position;
    if (state !== 'stored') return;
    if (read === null) {
      this.#tally.withoutInfo += 1;
      return;
    }
    const { records } = read.pageInfo;
    branch.hear(read);
    this.#largestPage = Math.max(this.#largestPage, records);
    if (records > 0) {
      this.#first ??= read;
      this.#last = read;
      this.#compareBoundary(read);
    }
    if (this.#byOrdinal) this.#cover(branch, read);
    else this.#tally.records += records;
  }

  /** An overlap reaches back from behind the end: what is there no more has gone meanwhile. */
  pastEnd({ branch: number, position }: Place, read: Read | null, status: number | null): void {
    const branch = this.#branch;
    if (!this.#byOrdinal || branch?.number !== number) return;
    if (read === null && !this.#isPastEnd(status)) return;
    const from = position - Math.max(0, branch.overlap);
    const repeated = branch.coveredTo - from;
    if (repeated > 0 && (read?.pageInfo.records ?? 0) < repeated) this.#tally.shortened += 1;
  }

  /** Position 0 is the first page with records again, 1 the last one. */
  readAgain(position: number, read: Read | null, status: number | null): void {
    this.#endBranch();
    const original = position === 0 ? this.#first : this.#last;
    if (original === null) return;
    // Records with the same keys are the same, also where something in them has changed.
    const isChanged =
      read !== null &&
      original.pageInfo.digest !== read.pageInfo.digest &&
      this.#haveSameKeys(original.place, read.place) !== true;
    const isGone = read === null && this.#isPastEnd(status);
    const { place } = original;
    this.#secondReadings.push({ place, isChanged, isRead: read !== null, isGone });
    for (const name of ['total', 'totalPages'] as const) {
      this.#byPage[name].hear(original.pageInfo[name], read?.pageInfo[name] ?? null);
    }
    if (read !== null) this.#ended.find(({ number }) => number === place.branch)?.hear(read);
  }

  #isPastEnd(status: number | null): boolean {
    return status !== null && this.#pagination.pastEnd.includes(status);
  }

  facts(): PageFacts {
    this.#endBranch();
    for (const end of this.#ends.values()) this.#missing(end, 0);
    const ofPage = (['total', 'totalPages'] as const).filter((name) => this.#byPage[name].isSo);
    const branches = this.#ended.map((branch) => branch.without(ofPage));
    const { records: skippedRecords, pages: skippedPages } = this.#skipped();
    return {
      ...this.#tally,
      gaps: this.#gaps,
      secondReadings: this.#secondReadings,
      skippedRecords,
      skippedPages,
      notes: ofPage.map((name) => {
        const what = name === 'total' ? 'total' : 'number of pages';
        return `the ${what} is another on each page, at the end as at first, so it is not the list's`;
      }),
      totalAtStart: sum(branches.map(({ total }) => total.start)),
      totalAtEnd: sum(branches.map(({ total }) => total.end)),
      totalBetween: firstOf(branches.map(({ total }) => total.between)),
      leastTotal: sum(branches.map(({ total, least }) => total.end ?? least)),
      totalPagesAtStart: sum(branches.map(({ totalPages }) => totalPages.start)),
      totalPagesAtEnd: sum(branches.map(({ totalPages }) => totalPages.end)),
      totalPagesBetween: firstOf(branches.map(({ totalPages }) => totalPages.between)),
    };
  }

  /** Ordinals of records do not say how many pages there must be before an end. */
  #missing(end: number, pages: number): void {
    if (!this.#byOrdinal) this.#tally.missingPages += Math.max(0, end - pages);
  }

  /** Where the user begins further on: pages and records count from 0 or 1. */
  #skipped(): { records: number; pages: number } {
    const { first } = this.#pagination;
    if (this.#byOrdinal) return { records: first === 1 ? 0 : first, pages: 0 };
    const isCounted = factsOf(this.#pagination).counts === 'pages';
    const pages = isCounted ? Math.max(0, first - 1) : 0;
    return { records: pages * this.#largestPage, pages };
  }

  #cover(branch: BranchScan, { place, pageInfo }: Read): void {
    const { position } = place;
    // As the plan does: an overlap is never as long as the first page.
    if (position === 0) branch.overlap = Math.min(this.#pagination.overlap, pageInfo.records - 1);
    const from = position - Math.min(Math.max(0, branch.overlap), position);
    const to = from + pageInfo.records;
    if (from > branch.coveredTo) this.#gap(branch, from);
    this.#tally.records += Math.max(0, to - Math.max(from, branch.coveredTo));
    this.#tally.readAgain += Math.max(0, Math.min(to, branch.coveredTo) - from);
    branch.coveredTo = Math.max(branch.coveredTo, to);
  }

  #gap(branch: BranchScan, to: number): void {
    if (this.#gaps.length === MOST_GAPS) return;
    this.#gaps.push({ branch: branch.number, from: branch.coveredTo, to });
  }

  #compareBoundary(read: Read): void {
    const before = this.#previous;
    this.#previous = read;
    if (before === null || before.place.branch !== read.place.branch) return;
    const isLast = this.#pagination.keyFrom === 'last';
    const a = isLast ? before.pageInfo.lastKey : before.pageInfo.firstKey;
    const b = isLast ? read.pageInfo.firstKey : read.pageInfo.lastKey;
    this.#tally.boundaries += 1;
    if (a !== null && a !== '' && a === b) this.#tally.sharedBoundaries += 1;
  }

  #endBranch(): void {
    const branch = this.#branch;
    if (branch === null) return;
    this.#branch = null;
    const { number, pages, highest } = branch;
    const total = (branch.total.end ?? branch.least ?? 0) - this.#skipped().records;
    if (this.#byOrdinal && branch.coveredTo < total) this.#gap(branch, total);
    this.#missing(Math.max(highest + 1, this.#ends.get(number) ?? 0), pages);
    this.#ends.delete(number);
    this.#ended.push(branch);
  }
}

/** One branch, with what the server said of its length. */
class BranchScan {
  readonly number: number;
  total = new StatedNumber();
  totalPages = new StatedNumber();
  least: number | null = null;
  pages = 0;
  highest = 0;
  overlap = 0;
  coveredTo = 0;

  constructor(number: number) {
    this.number = number;
  }

  without(names: readonly ('total' | 'totalPages')[]): this {
    for (const name of names) this[name] = new StatedNumber();
    return this;
  }

  hear({ pageInfo, readAt }: Read): void {
    const { records, total, totalIsLowerBound, totalPages } = pageInfo;
    // Some servers say 0 of everything where they have no records to give.
    const isTold = records > 0 || (this.total.start === null && this.totalPages.start === null);
    if (!isTold) return;
    if (totalPages !== null) this.totalPages.hear(totalPages, readAt);
    if (total === null) return;
    if (totalIsLowerBound) this.least = Math.max(this.least ?? 0, total);
    else this.total.hear(total, readAt);
  }
}

/** Whether a number belongs to the page that states it: read again, two pages still state two. */
class ByPage {
  readonly #said = new Set<number>();
  #isSteady = true;

  hear(before: number | null, again: number | null): void {
    if (before === null || again !== before) this.#isSteady = false;
    else this.#said.add(before);
  }

  get isSo(): boolean {
    return this.#isSteady && this.#said.size > 1;
  }
}

/** What the server said of one number, by the order of the pages and the time they were read. */
class StatedNumber {
  start: number | null = null;
  end: number | null = null;
  between: number | null = null;
  #endReadAt = 0;

  hear(value: number, readAt: number): void {
    this.start ??= value;
    if (value !== this.start) this.between ??= value;
    if (this.end !== null && readAt < this.#endReadAt) return;
    this.end = value;
    this.#endReadAt = readAt;
  }
}

/** Null where one of them is not known, and for none. */
function sum(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.includes(null)) return null;
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

function firstOf(values: readonly (number | null)[]): number | null {
  return values.find((value) => value !== null) ?? null;
}
