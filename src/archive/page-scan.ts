import type { DatabaseSync } from 'node:sqlite';
import type { PlanEnd } from '../core/page-info.ts';
import { type Place, RECHECK_BRANCH } from '../core/page-request.ts';
import { factsOf, isByOrdinal, type Pagination } from '../core/pagination.ts';
import type { RecordEvidence } from '../core/summary.ts';
import type { PageState } from './archive-types.ts';
import { readPageInfo } from './kept-json.ts';
import { PLACE, placeColumns, RECHECK_PLACE } from './schema.ts';
import { query } from './sqlite.ts';
import { type Reading, StatedTotals } from './stated-totals.ts';

/** A page that was read a second time; `place` is where it was read first. */
export interface SecondReading {
  readonly place: Place;
  readonly isChanged: boolean;
  readonly isRead: boolean;
  /** The server says that there is no such page any more. */
  readonly isGone: boolean;
}

/** What the pages inside the plan's ends say together. */
export interface PageFacts {
  /** Stored or failed. */
  readonly pages: number;
  /** Each ordinal once where the API pages by offset. */
  readonly records: number;
  /** Ordinals that were read more than once. */
  readonly readAgain: number;
  readonly gaps: RecordEvidence['gaps'];
  /** Places of the plan that have no end state, which only a damaged or unfinished plan has. */
  readonly missingPages: number;
  /** Stored pages that taught nothing. */
  readonly withoutInfo: number;
  /** Boundaries of neighbouring pages at which the first key is the last one of the page before. */
  readonly sharedBoundaries: number;
  readonly boundaries: number;
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
  readonly secondReadings: readonly SecondReading[];
  /** Pages past the end that should have repeated records, and did not have them all. */
  readonly shortened: number;
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

interface Read extends Reading {
  readonly place: Place;
}

/** Reads the page infos once, in page order, and no body; it holds two pages at a time. */
export function passOverPages(
  database: DatabaseSync,
  pagination: Pagination,
  ends: PlanEnd['ends'],
  path: string,
): PageFacts {
  const rows = query<Row>(
    database,
    `SELECT ${placeColumns('page.place')}, page.state, lesson.text, lesson.read_at,
         CASE WHEN page.place >= ${RECHECK_PLACE} OR page.state = 'beyond-end'
           THEN (SELECT status FROM content WHERE id = page.content) END
       FROM page LEFT JOIN lesson ON lesson.place = page.place
       ${pagination.overlap > 0 ? '' : "WHERE page.state <> 'beyond-end'"} ORDER BY page.place`,
  );
  const pass = new PageScan(pagination, ends, createKeyComparison(database));
  for (const [branch, position, state, text, readAt, status] of rows.iterate()) {
    const place = { branch, position };
    const pageInfo = text === null ? null : readPageInfo(text, path);
    const read = pageInfo === null ? null : { place, pageInfo, readAt: readAt ?? 0 };
    if (branch === RECHECK_BRANCH) pass.readAgain(position, read, status);
    else if (state === 'beyond-end') pass.pastEnd(place, read, status);
    else pass.page(place, state, read);
  }
  return pass.facts();
}

/** Whether two places have records with the same keys; null where not all have one. */
type KeyComparison = (a: Place, b: Place) => boolean | null;

function createKeyComparison(database: DatabaseSync): KeyComparison {
  const compare = query<[number]>(
    database,
    `SELECT a.keys = b.keys FROM record_keys AS a, record_keys AS b
       WHERE a.place = ${PLACE} AND b.place = ${PLACE} AND instr(a.keys, '""') = 0`,
  );
  return (a, b) => {
    const row = compare.get(a.branch, a.position, b.branch, b.position);
    return row === undefined ? null : row[0] === 1;
  };
}

class PageScan {
  readonly #pagination: Pagination;
  readonly #byOrdinal: boolean;
  readonly #ends: Map<number, number>;
  readonly #haveSameKeys: KeyComparison;
  #branch: BranchScan | null = null;
  #first: Read | null = null;
  #last: Read | null = null;
  #previous: Read | null = null;
  #pages = 0;
  #records = 0;
  #largestPage = 0;
  #readAgain = 0;
  #shortened = 0;
  readonly #gaps: RecordEvidence['gaps'][number][] = [];
  #missingPages = 0;
  #withoutInfo = 0;
  #boundaries = 0;
  #sharedBoundaries = 0;
  readonly #totals: StatedTotals[] = [];
  readonly #secondReadings: SecondReading[] = [];

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
    this.#pages += 1;
    branch.pages += 1;
    branch.highest = place.position;
    if (state !== 'stored') return;
    if (read === null) {
      this.#withoutInfo += 1;
      return;
    }
    const { records } = read.pageInfo;
    branch.totals.hear(read);
    this.#largestPage = Math.max(this.#largestPage, records);
    if (records > 0) {
      this.#first ??= read;
      this.#last = read;
    }
    if (this.#byOrdinal) this.#cover(branch, read);
    else this.#records += records;
    this.#compareBoundary(read);
  }

  /** An overlap reaches back from behind the end: what is there no more has gone meanwhile. */
  pastEnd({ branch: number, position }: Place, read: Read | null, status: number | null): void {
    const branch = this.#branch;
    if (!this.#byOrdinal || branch?.number !== number) return;
    if (read === null && !this.#isPastEnd(status)) return;
    const from = position - Math.max(0, branch.overlap);
    const repeated = branch.coveredTo - from;
    if (repeated > 0 && (read?.pageInfo.records ?? 0) < repeated) this.#shortened += 1;
  }

  /** Position 0 is the first page with records again, 1 the last one. */
  readAgain(position: number, read: Read | null, status: number | null): void {
    this.#endBranch();
    const original = position === 0 ? this.#first : this.#last;
    if (original === null) return;
    const isChanged = read !== null && !this.#areSame(original, read);
    const isGone = read === null && this.#isPastEnd(status);
    const { place } = original;
    this.#secondReadings.push({ place, isChanged, isRead: read !== null, isGone });
    const { branch } = place;
    if (read !== null) this.#totals.find(({ number }) => number === branch)?.hear(read);
  }

  #isPastEnd(status: number | null): boolean {
    return status !== null && this.#pagination.pastEnd.includes(status);
  }

  /** Records with the same keys are the same, also where something in them has changed. */
  #areSame(first: Read, second: Read): boolean {
    if (first.pageInfo.digest === second.pageInfo.digest) return true;
    return this.#haveSameKeys(first.place, second.place) === true;
  }

  facts(): PageFacts {
    this.#endBranch();
    for (const position of this.#ends.values()) this.#missingPages += this.#pagesBefore(position);
    const totals = this.#totals;
    const { records: skippedRecords, pages: skippedPages } = this.#skipped();
    return {
      pages: this.#pages,
      records: this.#records,
      readAgain: this.#readAgain,
      gaps: this.#gaps,
      missingPages: this.#missingPages,
      withoutInfo: this.#withoutInfo,
      boundaries: this.#boundaries,
      sharedBoundaries: this.#sharedBoundaries,
      skippedRecords,
      skippedPages,
      totalAtStart: sum(totals.map(({ start }) => start)),
      totalAtEnd: sum(totals.map(({ end }) => end?.total ?? null)),
      totalBetween: totals.find(({ between }) => between !== null)?.between ?? null,
      leastTotal: sum(totals.map(({ least, end }) => end?.total ?? least)),
      totalPagesAtStart: sum(totals.map(({ startPages }) => startPages)),
      totalPagesAtEnd: sum(totals.map(({ endPages }) => endPages?.total ?? null)),
      totalPagesBetween: totals.find(({ betweenPages: it }) => it !== null)?.betweenPages ?? null,
      secondReadings: this.#secondReadings,
      shortened: this.#shortened,
    };
  }

  /** Pages there must be before an end; ordinals of records do not say. */
  #pagesBefore(position: number): number {
    return this.#byOrdinal ? 0 : position;
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
    this.#records += Math.max(0, to - Math.max(from, branch.coveredTo));
    this.#readAgain += Math.max(0, Math.min(to, branch.coveredTo) - from);
    branch.coveredTo = Math.max(branch.coveredTo, to);
  }

  #gap(branch: BranchScan, to: number): void {
    if (this.#gaps.length === MOST_GAPS) return;
    this.#gaps.push({ branch: branch.number, from: branch.coveredTo, to });
  }

  #compareBoundary(read: Read): void {
    if (read.pageInfo.records === 0) return;
    const before = this.#previous;
    this.#previous = read;
    if (before === null || before.place.branch !== read.place.branch) return;
    const isLast = this.#pagination.keyFrom === 'last';
    const a = isLast ? before.pageInfo.lastKey : before.pageInfo.firstKey;
    const b = isLast ? read.pageInfo.firstKey : read.pageInfo.lastKey;
    this.#boundaries += 1;
    if (a !== null && a !== '' && a === b) this.#sharedBoundaries += 1;
  }

  #endBranch(): void {
    const branch = this.#branch;
    if (branch === null) return;
    this.#branch = null;
    const { number, pages, highest, totals } = branch;
    const total = (totals.end?.total ?? totals.least ?? 0) - this.#skipped().records;
    if (this.#byOrdinal && branch.coveredTo < total) this.#gap(branch, total);
    const end = Math.max(highest + 1, this.#ends.get(number) ?? 0);
    this.#missingPages += Math.max(0, this.#pagesBefore(end) - pages);
    this.#ends.delete(number);
    this.#totals.push(totals);
  }
}

/** One branch on the way. */
class BranchScan {
  readonly number: number;
  readonly totals: StatedTotals;
  pages = 0;
  highest = 0;
  overlap = 0;
  coveredTo = 0;

  constructor(number: number) {
    this.number = number;
    this.totals = new StatedTotals(number);
  }
}

/** Null where one of them is not known, and for none. */
function sum(values: readonly (number | null)[]): number | null {
  let total = 0;
  for (const value of values) {
    if (value === null) return null;
    total += value;
  }
  return values.length === 0 ? null : total;
}
