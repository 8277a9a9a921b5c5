/** What the infos of a list's pages say together, read once, in page order, without a body. */
import { vagueStatuses } from '../core/depth.ts';
import type { PageInfo, PlanEnd } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { factsOf, isByOrdinal, type Pagination, recordsBefore } from '../core/pagination.ts';
import { formatCount } from '../core/units.ts';
import type { PageState } from './archive-types.ts';
import { BranchScan, ByPage, type Read } from './branch-scan.ts';
import { CoveredRecords } from './covered-records.ts';
import { readPageInfo } from './kept-json.ts';
import { createLeftOut } from './left-out.ts';
import { emptyTally, type PageFacts } from './page-facts.ts';
import { type SecondReading, scanRechecks } from './recheck-scan.ts';
import { placeColumns, RECHECK_PLACE } from './schema.ts';
import { sharedBySlices } from './slice-scan.ts';
import type { Connection } from './sqlite.ts';

/** Fewer records may all be different by chance. */
const FEWEST_MARKS = 5;

type Row = [
  branch: number,
  position: number,
  state: PageState,
  pageInfo: string | null,
  readAt: number | null,
  status: number | null,
];

/** Holds two pages at a time. */
export function scanPages(
  connection: Connection,
  pagination: Pagination,
  ends: PlanEnd['ends'],
  dropped: PlanEnd['dropped'] = [],
): PageFacts {
  const rows = connection.query<Row>(
    `SELECT ${placeColumns('page.place')}, page.state, page_info.text, page_info.read_at,
         CASE WHEN page.state = 'beyond-end'
           THEN (SELECT status FROM content WHERE id = page.content) END
       FROM page LEFT JOIN page_info ON page_info.place = page.place
       WHERE page.place < ${RECHECK_PLACE} ORDER BY page.place`,
  );
  const scan = new PageScan(pagination, ends, () => sharedBySlices(connection, pagination));
  for (const [branch, position, state, text, readAt, status] of rows.iterate()) {
    const place = { branch, position };
    const said = text === null ? null : readPageInfo(text, connection);
    const pageInfo = said === null ? null : withoutDropped(said, dropped);
    const read = pageInfo === null ? null : { place, pageInfo, readAt: readAt ?? 0 };
    if (state === 'beyond-end') scan.pastEnd(place, read, status);
    else scan.page(place, state, read);
  }
  const readings = scanRechecks(connection, pagination).map((reading) => ({
    ...reading,
    before: withoutDropped(reading.before, dropped),
    pageInfo: reading.pageInfo === null ? null : withoutDropped(reading.pageInfo, dropped),
  }));
  return scan.facts(readings);
}

/** What pages contradict is not held against them. */
function withoutDropped(pageInfo: PageInfo, dropped: NonNullable<PlanEnd['dropped']>): PageInfo {
  let left = pageInfo;
  for (const { what } of dropped) {
    left = { ...left, [what]: null };
  }
  return left;
}

class PageScan {
  readonly #pagination: Pagination;
  /** Null where positions are no ordinals. */
  readonly #covered: CoveredRecords | null;
  readonly #ends: Map<number, number>;
  readonly #tally = { ...emptyTally };
  readonly #leftOut: ReturnType<typeof createLeftOut>;
  readonly #byPage = { total: new ByPage(), totalPages: new ByPage() };
  readonly #ended: BranchScan[] = [];
  #branch: BranchScan | null = null;
  #previous: Read | null = null;
  #partialBy: string | null = null;
  #nextByField: string | null = null;
  #askedOfPage = 0;
  #nextDrops: string | null = null;
  #refusedBehind: number | null = null;

  constructor(
    pagination: Pagination,
    ends: PlanEnd['ends'],
    shared: Parameters<typeof createLeftOut>[1],
  ) {
    this.#pagination = pagination;
    this.#covered = isByOrdinal(pagination) ? new CoveredRecords(pagination, this.#tally) : null;
    this.#ends = new Map(ends.map(({ branch, position }) => [branch, position]));
    this.#leftOut = createLeftOut(pagination, shared);
  }

  page(place: Place, state: PageState, read: Read | null): void {
    if (this.#branch?.number !== place.branch) {
      this.#endBranch();
      this.#branch = new BranchScan(place.branch, this.#pagination);
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
    const { records, totalIsUnreadable } = read.pageInfo;
    if (totalIsUnreadable === true) this.#tally.unreadable += 1;
    this.#notePartial(read.pageInfo);
    branch.hear(read);
    this.#noteOdd(branch, read.pageInfo);
    if (records > 0) this.#tally.withRecords += 1;
    this.#measure(read.pageInfo);
    branch.lastInfo = read.pageInfo;
    if (this.#covered === null) branch.proof.onPage(read.pageInfo);
    else this.#covered.cover(branch, read);
    const { front, back, others } = this.#leftOut({ place, ...read.pageInfo });
    if (records > 0) this.#countBoundary(read, front + back > 0);
    const isOwn = (index: number) => index >= front && index < records - back;
    const nulls = read.pageInfo.nulls?.filter(isOwn).length ?? 0;
    this.#tally.nulls += nulls;
    this.#tally.allNulls += read.pageInfo.nulls?.length ?? 0;
    this.#tally.sharedBySlices += others.length;
    if (read.pageInfo.goesOn) this.#tally.goingOn += 1;
    this.#tally.records += records - front - back - others.length - nulls;
  }

  #notePartial({ partialBy, strangers = 0 }: PageInfo): void {
    this.#tally.strangers += strangers;
    if (partialBy === undefined) return;
    this.#tally.partial += 1;
    this.#partialBy ??= partialBy;
  }

  /** What a list that is whole may have, and one that lost records, too. */
  #noteOdd(branch: BranchScan, pageInfo: PageInfo): void {
    const { records, listIs, firstMark, nulls, next, more } = pageInfo;
    const { empty } = branch;
    if (records === 0) {
      empty.pages += 1;
      if (listIs !== undefined) empty.withoutList += 1;
      if (listIs !== undefined && next === null && more !== true) empty.silent += 1;
      return;
    }
    this.#noteNext(branch.lastFull);
    branch.lastFull = pageInfo;
    this.#tally.emptyInside += empty.pages;
    this.#tally.withoutList += empty.withoutList;
    this.#tally.silentWithoutList += empty.silent;
    branch.empty = { pages: 0, withoutList: 0, silent: 0 };
    const { lastMarks } = branch.lastInfo ?? {};
    const isKeyed = this.#pagination.key !== null;
    if (
      !isKeyed &&
      pageInfo.recordsSeenAt?.branch === branch.number &&
      areDistinct(pageInfo.lastMarks)
    ) {
      this.#tally.samePages += 1;
    }
    const isAsked = isKeyed || this.#pagination.overlap > 0;
    const isRecord = firstMark !== undefined && nulls?.[0] !== 0;
    const isRepeated = isRecord && lastMarks?.includes(firstMark) === true;
    if (isAsked || !isRepeated) return;
    this.#tally.repeatedBytes += 1;
    if (areDistinct(lastMarks)) this.#tally.surelyRepeated += 1;
  }

  /** How a page before others with records names what follows. */
  #noteNext(pageInfo: PageInfo | null): void {
    const { skips = 0, shortOf = 0, nextByField = null, nextDrops = null } = pageInfo ?? {};
    this.#nextDrops ??= nextDrops;
    if (skips > 0) this.#tally.skipping += 1;
    if (shortOf > 0) this.#tally.shortOfAsked += 1;
    this.#askedOfPage = Math.max(this.#askedOfPage, shortOf);
    if (nextByField === null) return;
    this.#tally.byField += 1;
    this.#nextByField = nextByField;
  }

  /** An overlap reaches back from behind the end: what is there no more has gone meanwhile. */
  pastEnd(place: Place, read: Read | null, status: number | null): void {
    if (status !== null && vagueStatuses.has(status)) this.#refusedBehind = status;
    if (this.#branch?.number !== place.branch) return;
    this.#covered?.pastEnd(this.#branch, place, read?.pageInfo ?? null, status);
  }

  facts(secondReadings: readonly SecondReading[]): PageFacts {
    this.#endBranch();
    for (const end of this.#ends.values()) this.#missing(end, 0);
    for (const { place, before, pageInfo, readAt } of secondReadings) {
      for (const name of ['total', 'totalPages'] as const) {
        this.#byPage[name].hear(before[name], pageInfo?.[name] ?? null);
      }
      const branch = this.#ended.find(({ number }) => number === place.branch);
      if (pageInfo !== null) branch?.hear({ place, pageInfo, readAt });
    }
    const ofPage = (['total', 'totalPages'] as const).filter((name) => this.#byPage[name].isSo);
    const branches = this.#ended.map((branch) => branch.without(ofPage));
    const { records: skippedRecords, pages: skippedPages } = this.#skipped();
    return {
      ...this.#tally,
      partialBy: this.#partialBy,
      nextByField: this.#nextByField,
      askedOfPage: this.#askedOfPage,
      nextDrops: this.#nextDrops,
      refusedBehind: this.#refusedBehind,
      branches: branches.length,
      endsSeen: branches.filter(({ isEndSeen }) => isEndSeen).length,
      gaps: this.#covered?.gaps ?? [],
      secondReadings: this.#placed(secondReadings),
      brokenBorders: this.#covered?.brokenBorders ?? [],
      isProvenByKeys: this.#covered === null && branches.every(({ proof }) => proof.holds),
      skippedRecords,
      skippedPages,
      notes: [
        ...startNotes(this.#pagination, skippedPages, skippedRecords),
        ...ofPage.map((name) => {
          const what = name === 'total' ? 'total' : 'number of pages';
          return `the ${what} is another on each page, at the end as at first, so it is not the list's`;
        }),
      ],
      totalAtStart: sum(branches.map(({ total }) => total.start)),
      totalAtEnd: sum(branches.map(({ total }) => total.end)),
      totalBetween: firstOf(branches.map(({ total }) => total.between)),
      leastTotal: sum(branches.map(({ total, least }) => total.end ?? least)),
      totalPagesAtStart: sum(branches.map(({ totalPages }) => totalPages.start)),
      totalPagesAtEnd: sum(branches.map(({ totalPages }) => totalPages.end)),
      totalPagesBetween: firstOf(branches.map(({ totalPages }) => totalPages.between)),
    };
  }

  /** Rows are appended to the last page; one in the middle that holds more now was not whole before. */
  #placed(readings: readonly SecondReading[]): readonly SecondReading[] {
    const lastOf = new Map(this.#ended.map(({ number, highest }) => [number, highest]));
    return readings.map((reading) => {
      const isLast = lastOf.get(reading.place.branch) === reading.place.position;
      return reading.outcome === 'grown' && !isLast ? { ...reading, outcome: 'changed' } : reading;
    });
  }

  /** Ordinals of records do not say how many pages there must be before an end. */
  #missing(end: number, pages: number): void {
    if (this.#covered === null) this.#tally.missingPages += Math.max(0, end - pages);
  }

  #measure({ records, echoedSize }: PageInfo): void {
    const tally = this.#tally;
    if (records > tally.largestPage) Object.assign(tally, { largestPage: records, ofLargest: 0 });
    if (records === 0 || records < tally.largestPage) return;
    tally.ofLargest += 1;
    if (echoedSize === records) tally.saysSize += 1;
  }

  /** Records and pages before the first one asked for; both count from 0 or 1. */
  #skipped(): { records: number; pages: number } {
    const { first } = this.#pagination;
    if (this.#covered !== null) return { records: first === 1 ? 0 : first, pages: 0 };
    if (factsOf(this.#pagination).counts !== 'pages') return { records: 0, pages: 0 };
    const came = {
      largestPage: this.#tally.largestPage,
      records: this.#tally.records,
      total: sum(this.#ended.map(({ total }) => total.end)),
      totalPages: sum(this.#ended.map(({ totalPages }) => totalPages.end)),
    };
    return { records: recordsBefore(this.#pagination, came), pages: Math.max(0, first - 1) };
  }

  #countBoundary(read: Read, isLeftOut: boolean): void {
    const before = this.#previous;
    this.#previous = read;
    if (before === null || before.place.branch !== read.place.branch) return;
    this.#tally.boundaries += 1;
    if (isLeftOut) this.#tally.sharedBoundaries += 1;
  }

  #endBranch(): void {
    const branch = this.#branch;
    if (branch === null) return;
    this.#branch = null;
    const { number, pages, highest } = branch;
    const total = (branch.total.end ?? branch.least ?? 0) - this.#skipped().records;
    if (branch.coveredTo < total) this.#covered?.gap(branch, total);
    const { more = null, next = null, total: said = null } = branch.lastInfo ?? {};
    if (more === true || (more === null && next !== null)) this.#tally.goingOnAtEnd += 1;
    if (more === false || (said !== null && said - this.#skipped().records === branch.coveredTo)) {
      branch.isEndSeen = true;
    }
    this.#missing(Math.max(highest + 1, this.#ends.get(number) ?? 0), pages);
    this.#ends.delete(number);
    this.#ended.push(branch);
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

function areDistinct(marks: readonly number[] = []): boolean {
  return marks.length >= FEWEST_MARKS && new Set(marks).size === marks.length;
}

/** What the user left out by where he began is not looked at. */
function startNotes({ first }: Pagination, pages: number, records: number): readonly string[] {
  if (pages === 0 && records === 0) return [];
  const from = pages > 0 ? `page ${formatCount(first)}` : `record ${formatCount(records + 1)}`;
  return [`the list was read from ${from} on, where its URL begins`];
}
